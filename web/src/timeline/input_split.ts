/** The edge between labels and lanes: dragged, or moved by keys. */
import { pointOf } from './input';
import type { Timeline } from './timeline';

const keyStep = 20;

export function attachSplit(timeline: Timeline, signal: AbortSignal): void {
  const { split } = timeline;
  let held: number | undefined;
  const drop = (event: PointerEvent) => {
    if (event.pointerId !== held) return;
    held = undefined;
    split.classList.remove('timeline-split-on');
  };
  split.addEventListener('pointerdown', (event) => {
    event.stopPropagation();
    if (event.button !== 0) return;
    event.preventDefault();
    held = event.pointerId;
    split.setPointerCapture(event.pointerId);
    split.classList.add('timeline-split-on');
  }, { signal });
  split.addEventListener('pointermove', (event) => {
    if (event.pointerId === held) timeline.setLabelWidth(pointOf(timeline, event).x);
  }, { signal });
  split.addEventListener('pointerup', drop, { signal });
  split.addEventListener('pointercancel', drop, { signal });
  split.addEventListener('keydown', (event) => {
    const by = event.key === 'ArrowLeft' ? -keyStep : event.key === 'ArrowRight' ? keyStep : 0;
    if (by === 0 || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    timeline.setLabelWidth(timeline.scene.left + by);
  }, { signal });
}
