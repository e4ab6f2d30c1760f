import { pannedBy, scaleOf, timeAt, xOf, zoomedAt } from '../time/scale';
import { mapHeight } from './head';
import { hitAt, type Hit } from './hit';
import type { Drawn } from './mount';
import { rowHeight } from './scene';

/** Hears pointer and wheel. The wheel scrolls rows; with Ctrl or Cmd (and by pinching) it zooms, sideways or with Shift it pans. */
export function listen(chart: Drawn): () => void {
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(target: HTMLElement, type: K, run: (event: HTMLElementEventMap[K]) => void, passive = true) =>
    target.addEventListener(type, run as EventListener, { signal: stop.signal, passive });
  const { stage } = chart;
  on(stage.scroll, 'scroll', () => {
    chart.scene.top = stage.scroll.scrollTop;
    chart.later();
  });
  for (const target of [stage.scroll, stage.headCanvas]) on(target, 'wheel', (event) => wheel(chart, event), false);
  on(stage.canvas, 'pointermove', (event) => {
    if (event.buttons === 0) hoverOver(chart, event);
  });
  on(stage.canvas, 'pointerleave', () => chart.hover(undefined, -1, 0, 0));
  on(stage.canvas, 'pointerdown', (event) => dragRows(chart, event), false);
  on(stage.canvas, 'dblclick', (event) => {
    const hit = hitOf(chart, event);
    if (hit) chart.events.picked(hit, true);
  });
  on(stage.names, 'pointermove', (event) => hoverName(chart, event));
  on(stage.names, 'pointerleave', () => chart.hover(undefined, -1, 0, 0));
  on(stage.names, 'click', (event) => clickName(chart, event));
  on(stage.names, 'dblclick', (event) => {
    const span = spanOf(event);
    if (span !== undefined && !isFold(event)) chart.events.picked({ span, event: -1 }, true);
  });
  on(stage.headCanvas, 'pointerdown', (event) => dragHead(chart, event), false);
  on(stage.headCanvas, 'pointermove', (event) => {
    if (event.buttons === 0) chart.hover(undefined, event.offsetY > mapHeight ? event.offsetX : -1, 0, 0);
  });
  on(stage.headCanvas, 'pointerleave', () => chart.hover(undefined, -1, 0, 0));
  // Only where the rows have the focus: buttons and links need these keys too.
  on(stage.scroll, 'keydown', (event) => {
    const { selected, spans } = chart.scene;
    if (event.target !== stage.scroll || event.ctrlKey || event.metaKey || event.altKey || !selected) return;
    if (event.key === 'Enter') chart.events.picked(selected, true);
    else if (event.key === ' ' && (spans.kids[selected.span] ?? 0) > 0) chart.events.folded(selected.span, chart.closed[selected.span] !== 1);
    else return;
    event.preventDefault();
  }, false);
  on(stage.divider, 'pointerdown', (event) => dragDivider(chart, event), false);
  on(stage.divider, 'keydown', (event) => {
    const by = event.key === 'ArrowLeft' ? -20 : event.key === 'ArrowRight' ? 20 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    widen(chart, stage.corner.getBoundingClientRect().width + by);
  }, false);
  return () => stop.abort();
}

function wheel(chart: Drawn, event: WheelEvent): void {
  const { scale } = chart.scene;
  const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
  const x = event.clientX - chart.stage.canvas.getBoundingClientRect().left;
  if (event.ctrlKey || event.metaKey || (event.target === chart.stage.headCanvas && !event.shiftKey && Math.abs(event.deltaY) >= Math.abs(event.deltaX))) {
    event.preventDefault();
    const by = Math.max(-300, Math.min(300, event.deltaY * unit));
    // Pinches come as small steps with Ctrl, wheels as large ones.
    const rate = event.ctrlKey && Math.abs(by) < 40 ? 0.012 : 0.0022;
    chart.go(zoomedAt(scale, Math.min(scale.width, Math.max(0, x)), Math.exp(-by * rate)));
    return;
  }
  const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
  event.preventDefault();
  chart.go(pannedBy(scale, sideways * unit));
}

function hitOf(chart: Drawn, event: MouseEvent): Hit | undefined {
  const { scene } = chart;
  return hitAt(scene.spans, scene.rows, scene.scale, event.offsetX, event.offsetY + scene.top, rowHeight);
}

function hoverOver(chart: Drawn, event: PointerEvent): void {
  const hit = hitOf(chart, event);
  chart.stage.canvas.style.cursor = hit?.on ? 'pointer' : 'default';
  chart.hover(hit, event.offsetX, event.clientX, event.clientY);
}

function spanOf(event: Event): number | undefined {
  const row = event.target instanceof Element ? event.target.closest<HTMLElement>('.gantt-row') : null;
  return row ? Number(row.dataset['span']) : undefined;
}

function isFold(event: Event): boolean {
  return event.target instanceof Element && event.target.classList.contains('gantt-fold') && !event.target.classList.contains('is-leaf');
}

function hoverName(chart: Drawn, event: PointerEvent): void {
  const span = spanOf(event);
  const row = span === undefined ? -1 : (chart.scene.rowOf[span] ?? -1);
  if (span === undefined || row < 0) return chart.hover(undefined, -1, 0, 0);
  if (chart.scene.hover?.row !== row) chart.hover({ span, event: -1, row, on: false }, -1, 0, 0);
}

function clickName(chart: Drawn, event: MouseEvent): void {
  const span = spanOf(event);
  if (span === undefined) return;
  if (isFold(event)) chart.events.folded(span, chart.closed[span] !== 1);
  else chart.events.picked({ span, event: -1 }, false);
}

/** Follows the pointer until it is let go; gives the pixels it went. A pointer that is taken away (its event tells no place) ends where it was last. */
function drag(event: PointerEvent, moved: (event: PointerEvent, dx: number) => void, done: (event: PointerEvent, dx: number) => void): void {
  if (event.button !== 0 || !event.isPrimary) return;
  const target = event.currentTarget as HTMLElement;
  const from = event.clientX;
  const own = event.pointerId;
  let last = 0;
  target.setPointerCapture(event.pointerId);
  const stop = new AbortController();
  target.addEventListener('pointermove', (e) => {
    if (e.pointerId !== own) return;
    last = e.clientX - from;
    moved(e, last);
  }, { signal: stop.signal });
  for (const type of ['pointerup', 'pointercancel'] as const)
    target.addEventListener(type, (e) => {
      if (e.pointerId !== own) return;
      stop.abort();
      done(e, type === 'pointercancel' ? last : e.clientX - from);
    }, { signal: stop.signal });
}

const slop = 4;

function dragRows(chart: Drawn, event: PointerEvent): void {
  const hit = hitOf(chart, event);
  const began = chart.scene.scale;
  const at = timeAt(began, event.offsetX);
  let far = false;
  drag(
    event,
    (_, dx) => {
      far ||= Math.abs(dx) > slop;
      if (!far) return;
      chart.stage.canvas.style.cursor = 'grabbing';
      chart.go(pannedBy(began, -dx));
    },
    (e) => {
      chart.stage.canvas.style.cursor = 'default';
      if (far || e.type === 'pointercancel') return;
      if (e.altKey) chart.events.pointed(at);
      else if (hit) chart.events.picked({ span: hit.span, event: hit.event }, e.detail > 1);
    },
  );
}

/** On the map: what is shown is moved, its ends are pulled, or something else is marked. On the ruler: a click sets the cursor, a stretch is shown. */
function dragHead(chart: Drawn, event: PointerEvent): void {
  const onMap = event.offsetY < mapHeight;
  const scale = onMap ? scaleOf(chart.bounds, chart.scene.scale.width) : chart.scene.scale;
  const shown = { from: chart.scene.scale.from, to: chart.scene.scale.to };
  const [left, right] = [xOf(scale, shown.from), xOf(scale, shown.to)];
  const x = event.offsetX;
  const whole = left <= 1 && right >= scale.width - 1;
  const part = !onMap ? 'mark' : Math.abs(x - left) < 5 && !whole ? 'left' : Math.abs(x - right) < 5 && !whole ? 'right' : x > left && x < right && !whole ? 'move' : 'mark';
  const to = (dx: number) => {
    const by = dx * scale.perPixel;
    if (part === 'move') return { from: Math.round(shown.from + by), to: Math.round(shown.to + by) };
    if (part === 'left') return ordered(shown.from + by, shown.to);
    if (part === 'right') return ordered(shown.from, shown.to + by);
    return ordered(timeAt(scale, x), timeAt(scale, x + dx));
  };
  drag(
    event,
    (_, dx) => {
      if (part !== 'mark') return chart.go(to(dx));
      chart.scene.brush = to(dx);
      chart.hover(undefined, onMap ? -1 : x + dx, 0, 0);
    },
    (e, dx) => {
      chart.scene.brush = undefined;
      chart.later();
      if (e.type === 'pointercancel') return;
      if (Math.abs(dx) > slop) chart.go(to(dx), { glide: part === 'mark', settled: true });
      else if (!onMap) chart.events.pointed(timeAt(scale, x));
      else if (part === 'mark' && !whole) {
        const half = (shown.to - shown.from) / 2;
        chart.go({ from: Math.round(timeAt(scale, x) - half), to: Math.round(timeAt(scale, x) + half) }, { glide: true });
      }
    },
  );
}

function ordered(a: number, b: number): { from: number; to: number } {
  return { from: Math.round(Math.min(a, b)), to: Math.round(Math.max(a, b)) };
}

function dragDivider(chart: Drawn, event: PointerEvent): void {
  const began = chart.stage.corner.getBoundingClientRect().width;
  event.preventDefault();
  drag(event, (_, dx) => chart.widen(began + dx), (_, dx) => widen(chart, began + dx));
}

function widen(chart: Drawn, names: number): void {
  chart.widen(names);
  chart.events.widened(Math.round(chart.stage.corner.getBoundingClientRect().width));
}
