/** The minimap under the hand: the window is moved, made longer at its edges, or drawn anew beside it. */
import type { Window } from '../time/moment';
import { timeAt, xOf, type Scale } from '../time/scale';
import { minimapHeight, minimapScale } from './draw_head';
import { pointOf } from './input';
import type { Timeline } from './timeline';

export type Grip = 'move' | 'from' | 'to' | 'new';

/** What a press at x of the minimap takes hold of. Edges reach six pixels, and a window too small for edges is moved. */
export function gripAt(whole: Scale, window: Window, x: number): Grip {
  const from = xOf(whole, window.from);
  const to = xOf(whole, window.to);
  const roomy = to - from > 18;
  if (Math.abs(x - from) < 6 && (roomy || x < from)) return 'from';
  if (Math.abs(x - to) < 6 && (roomy || x > to)) return 'to';
  return x >= from && x <= to ? 'move' : 'new';
}

/** The window after a grip moved from one moment of the minimap to another. */
export function gripped(grip: Grip, window: Window, from: number, to: number, least: number): Window {
  switch (grip) {
    case 'move':
      return { from: window.from + to - from, to: window.to + to - from };
    case 'from':
      return { from: Math.min(window.from + to - from, window.to - least), to: window.to };
    case 'to':
      return { from: window.from, to: Math.max(window.to + to - from, window.from + least) };
    case 'new':
      return { from: Math.min(from, to), to: Math.max(from, to, Math.min(from, to) + least) };
  }
}

export function attachMinimap(timeline: Timeline, signal: AbortSignal): void {
  const { host, scene } = timeline;
  let held: { grip: Grip; whole: Scale; window: Window; from: number; x: number; moved: boolean; id: number } | undefined;
  host.addEventListener('pointerdown', (event) => {
    const { x, y } = pointOf(timeline, event);
    if (event.button !== 0 || y >= minimapHeight || x < scene.left || x > scene.left + scene.scale.width) return;
    event.preventDefault();
    const whole = minimapScale(scene.extent, scene.scale, scene.scale.width);
    const window = { from: scene.scale.from, to: scene.scale.to };
    held = { grip: gripAt(whole, window, x - scene.left), whole, window, from: timeAt(whole, x - scene.left), x, moved: false, id: event.pointerId };
    host.setPointerCapture(event.pointerId);
  }, { signal });
  host.addEventListener('pointermove', (event) => {
    if (!held || held.id !== event.pointerId) return;
    const { x } = pointOf(timeline, event);
    if (Math.abs(x - held.x) < 3 && !held.moved) return;
    held.moved = true;
    const to = timeAt(held.whole, x - scene.left);
    timeline.go(gripped(held.grip, held.window, held.from, to, held.whole.perPixel), { settled: false });
  }, { signal });
  host.addEventListener('pointerup', (event) => {
    if (!held || held.id !== event.pointerId) return;
    const { grip, moved, window, from } = held;
    held = undefined;
    if (moved) timeline.go(timeline.window, { jump: grip === 'new' });
    else if (grip === 'new') {
      const half = (window.to - window.from) / 2;
      timeline.go({ from: Math.round(from - half), to: Math.round(from + half) }, { animate: true, jump: true });
    }
  }, { signal });
  host.addEventListener('pointercancel', (event) => {
    if (!held || held.id !== event.pointerId) return;
    const { moved } = held;
    held = undefined;
    if (moved) timeline.go(timeline.window);
  }, { signal });
  host.addEventListener('dblclick', (event) => {
    const { x, y } = pointOf(timeline, event);
    if (y < minimapHeight && x >= scene.left) timeline.go(scene.extent, { animate: true, jump: true });
  }, { signal });
}
