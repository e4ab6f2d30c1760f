/** Wheel, pointer and touch: what a hand does to a timeline. */
import { timeAt, withMargin, zoomedAt, pannedBy, xOf } from '../time/scale';
import type { Window } from '../time/moment';
import { headHeight, minimapHeight, minimapScale } from './draw_head';
import type { Hit } from './hit';
import { attachMinimap } from './input_minimap';
import { attachSplit } from './input_split';
import type { Spot } from './inview';
import type { Timeline } from './timeline';

/** How far a press may move and still be a click. */
const clickSlack = 4;

interface Point {
  x: number;
  y: number;
}

interface Press extends Point {
  id: number;
  startX: number;
  startY: number;
  mode: 'press' | 'pan' | 'brush' | 'ruler';
  moved: boolean;
}

/** Attaches everything; gives the function that detaches it. */
export function attachInput(timeline: Timeline): () => void {
  const abort = new AbortController();
  attachWheel(timeline, abort.signal);
  attachPointer(timeline, abort.signal);
  attachSplit(timeline, abort.signal);
  attachMinimap(timeline, abort.signal);
  return () => abort.abort();
}

/** Where an event is in the picture. */
export function pointOf(timeline: Timeline, event: MouseEvent): Point {
  const box = timeline.host.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** Steps of a wheel in pixels, whatever unit the browser tells them in. */
function pixels(delta: number, mode: number): number {
  return mode === 1 ? delta * 16 : mode === 2 ? delta * 400 : delta;
}

function attachWheel(timeline: Timeline, signal: AbortSignal): void {
  let settle: ReturnType<typeof setTimeout> | undefined;
  const wheel = (event: WheelEvent) => {
    const { x, y } = pointOf(timeline, event);
    const { scale, left } = timeline.scene;
    const dx = pixels(event.deltaX, event.deltaMode);
    const dy = pixels(event.deltaY, event.deltaMode);
    const zoom = event.ctrlKey || event.metaKey || (y < headHeight && x > left && !event.shiftKey && Math.abs(dy) > Math.abs(dx));
    const by = Math.abs(dx) > Math.abs(dy) ? dx : event.shiftKey ? dy : 0;
    if (!zoom && by === 0) return;
    event.preventDefault();
    if (zoom) {
      // Pinches come as small steps with ctrl, wheels as large ones.
      const rate = event.ctrlKey && Math.abs(dy) < 40 ? 0.012 : 0.0022;
      const at = y < minimapHeight ? scale.width / 2 : Math.max(0, x - left);
      timeline.go(zoomedAt(scale, at, Math.exp(-Math.max(-300, Math.min(300, dy)) * rate)), { settled: false });
    } else timeline.go(pannedBy(scale, by), { settled: false });
    timeline.card.hide();
    clearTimeout(settle);
    settle = setTimeout(() => timeline.go(timeline.window), 180);
  };
  timeline.host.addEventListener('wheel', wheel, { passive: false, signal });
  signal.addEventListener('abort', () => clearTimeout(settle));
}

function attachPointer(timeline: Timeline, signal: AbortSignal): void {
  const { host, scene } = timeline;
  const pointers = new Map<number, Point>();
  let press: Press | undefined;
  const down = (event: PointerEvent) => {
    const { x, y } = pointOf(timeline, event);
    if (event.button !== 0 || x < scene.left || x > scene.left + scene.scale.width || y < minimapHeight) return;
    pointers.set(event.pointerId, { x, y });
    const mode = y < headHeight ? 'ruler' : event.shiftKey ? 'brush' : 'press';
    // A second finger makes a pinch of what the first one began.
    if (press) letGo(timeline);
    press = pointers.size === 1 ? { id: event.pointerId, x, y, startX: x, startY: y, mode, moved: false } : undefined;
    if (mode !== 'press') event.preventDefault();
  };
  const move = (event: PointerEvent) => {
    const at = pointOf(timeline, event);
    const before = pointers.get(event.pointerId);
    // The button was let go where nobody heard it: outside of the window, or before the press was a drag.
    if (before && event.pointerType === 'mouse' && event.buttons === 0) cancel(event);
    else if (before) {
      if (pointers.size === 2) pinch(timeline, pointers, event.pointerId, at);
      pointers.set(event.pointerId, at);
    }
    if (press && press.id === event.pointerId) drag(timeline, press, at, event);
    else if (pointers.size === 0) hover(timeline, at, event);
  };
  const up = (event: PointerEvent) => {
    const pinched = pointers.size === 2 && pointers.delete(event.pointerId);
    pointers.delete(event.pointerId);
    if (press && press.id === event.pointerId) {
      release(timeline, press, event);
      press = undefined;
    } else if (pinched) press = rest(timeline, pointers);
  };
  const cancel = (event: PointerEvent) => {
    const pinched = pointers.size === 2 && pointers.delete(event.pointerId);
    pointers.delete(event.pointerId);
    if (press?.id !== event.pointerId && !pinched) return;
    if (pinched || press?.mode === 'pan') timeline.go(timeline.window);
    press = undefined;
    letGo(timeline);
  };
  host.addEventListener('pointerdown', down, { signal });
  host.addEventListener('pointermove', move, { signal });
  host.addEventListener('pointerup', up, { signal });
  host.addEventListener('pointercancel', cancel, { signal });
  host.addEventListener('pointerleave', () => timeline.forgetPointer(), { signal });
  host.addEventListener('dblclick', (event) => doubleClick(timeline, event), { signal });
}

/** Nothing is dragged any more. */
function letGo(timeline: Timeline): void {
  timeline.host.classList.remove('timeline-panning');
  timeline.overlay.brush = undefined;
  timeline.redrawOverlay();
}

/** Of two fingers one is there still: it goes on dragging. */
function rest(timeline: Timeline, pointers: ReadonlyMap<number, Point>): Press | undefined {
  timeline.go(timeline.window);
  for (const [id, { x, y }] of pointers) return { id, x, y, startX: x, startY: y, mode: 'pan', moved: true };
  return undefined;
}

/** Two fingers: the moments below them stay below them. */
function pinch(timeline: Timeline, pointers: ReadonlyMap<number, Point>, id: number, at: Point): void {
  const others = [...pointers].filter(([other]) => other !== id);
  const other = others[0]?.[1];
  const before = pointers.get(id);
  if (!other || !before) return;
  const { scale, left } = timeline.scene;
  const was = Math.max(20, Math.abs(before.x - other.x));
  const is = Math.max(20, Math.abs(at.x - other.x));
  timeline.go(zoomedAt(scale, other.x - left, is / was), { settled: false });
}

function drag(timeline: Timeline, press: Press, at: Point, event: PointerEvent): void {
  const { scene, scroller, host } = timeline;
  if (!press.moved) {
    if (Math.hypot(at.x - press.startX, at.y - press.startY) < clickSlack) return;
    press.moved = true;
    if (press.mode === 'press') press.mode = 'pan';
    host.setPointerCapture(event.pointerId);
    host.classList.toggle('timeline-panning', press.mode === 'pan');
    timeline.card.hide();
  }
  if (press.mode === 'pan') {
    timeline.go(pannedBy(scene.scale, press.x - at.x), { settled: false });
    if (event.pointerType === 'mouse') scroller.scrollTop += press.y - at.y;
  } else {
    const a = timeAt(scene.scale, press.startX - scene.left);
    const b = timeAt(scene.scale, at.x - scene.left);
    timeline.overlay.brush = { from: Math.min(a, b), to: Math.max(a, b) };
    timeline.overlay.pointer = at.x - scene.left;
    timeline.redrawOverlay();
  }
  press.x = at.x;
  press.y = at.y;
}

function release(timeline: Timeline, press: Press, event: PointerEvent): void {
  const { brush } = timeline.overlay;
  letGo(timeline);
  if (!press.moved) {
    click(timeline, pointOf(timeline, event), press.mode === 'ruler');
    return;
  }
  if (press.mode === 'pan') timeline.go(timeline.window);
  else if (brush) timeline.go(brush, { animate: true, jump: true });
}

function click(timeline: Timeline, { x, y }: Point, ruler: boolean): void {
  const { scene } = timeline;
  const at = timeAt(scene.scale, x - scene.left);
  const spot = ruler ? undefined : timeline.spotAt(y);
  if (!spot) {
    timeline.on.cursor(at);
    return;
  }
  timeline.setFocus(spot.line.key, false);
  timeline.scroller.focus({ preventScroll: true });
  const row = timeline.rowOf(spot.line);
  const entry = row?.uid ? timeline.store.entry(row.cluster, row.uid) : undefined;
  const hit = timeline.hitAt(spot, x, y);
  if (entry?.error && hit.kind === 'nothing') {
    timeline.store.retry();
    return;
  }
  const chosen = chosenOf(hit, timeline.selected?.id ?? '');
  if (row?.uid && chosen) {
    timeline.on.cursor(chosen.at ?? at);
    timeline.on.select({ cluster: row.cluster, uid: row.uid, id: chosen.id });
    return;
  }
  timeline.on.cursor(at);
}

/** What a click selects: of several marks at one place the one behind that which is selected. */
function chosenOf(hit: Hit, selected: string): { id: string; at: number | undefined } | undefined {
  if (hit.kind === 'bar' && hit.bar.id) return { id: hit.bar.id, at: undefined };
  if (hit.kind !== 'marks') return undefined;
  const last = hit.marks.findIndex((m) => m.id === selected);
  const mark = hit.marks[(last + 1) % hit.marks.length];
  return mark && { id: mark.id, at: mark.at };
}

function doubleClick(timeline: Timeline, event: MouseEvent): void {
  const { x, y } = pointOf(timeline, event);
  const { scene } = timeline;
  if (x < scene.left || y < headHeight) return;
  const spot = timeline.spotAt(y);
  const window = spot && windowOf(timeline, spot, x, y);
  if (window) timeline.go(withMargin(window, 0.12, scene.scale.perPixel * 2), { animate: true, jump: true });
  else timeline.go(zoomedAt(scene.scale, x - scene.left, 3), { animate: true, jump: true });
}

/** What a double click looks closer at. */
function windowOf(timeline: Timeline, spot: Spot, x: number, y: number): Window | undefined {
  const hit = timeline.hitAt(spot, x, y);
  const { scale } = timeline.scene;
  if (hit.kind === 'bar' || hit.kind === 'step') {
    const narrower = hit.window.to - hit.window.from < (scale.to - scale.from) * 0.9;
    return narrower ? hit.window : undefined;
  }
  return hit.kind === 'bin' ? withMargin(hit.window, 3) : undefined;
}

function hover(timeline: Timeline, { x, y }: Point, event: PointerEvent): void {
  const { scene, overlay, host } = timeline;
  if (event.pointerType === 'touch') return;
  const spot = timeline.spotAt(y);
  const inLanes = x >= scene.left && x <= scene.left + scene.scale.width;
  overlay.hovered = spot && { y: spot.y, height: spot.height };
  overlay.pointer = inLanes && y >= minimapHeight ? x - scene.left : undefined;
  if (spot && inLanes) {
    const hit = timeline.hitAt(spot, x, y);
    timeline.showCard(spot, hit, x, y);
    host.style.cursor = hit.kind === 'marks' || hit.kind === 'bar' ? 'pointer' : '';
  } else {
    timeline.card.hide();
    host.style.cursor = inLanes && y < headHeight ? headCursor(timeline, x, y) : '';
  }
  timeline.redrawOverlay();
}

function headCursor(timeline: Timeline, x: number, y: number): string {
  if (y >= minimapHeight) return 'text';
  const { scene } = timeline;
  const whole = minimapScale(scene.extent, scene.scale, scene.scale.width);
  const from = scene.left + xOf(whole, scene.scale.from);
  const to = scene.left + xOf(whole, scene.scale.to);
  if (Math.abs(x - from) < 6 || Math.abs(x - to) < 6) return 'ew-resize';
  return x > from && x < to ? 'grab' : 'crosshair';
}
