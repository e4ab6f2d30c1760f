/** What keys do to a timeline. The page registers those that work everywhere on it; the rest work where the rows have the focus. */
import { pannedBy, withMargin, zoomedAt } from '../time/scale';
import { cardLines, markTitle } from './card';
import { nextStop, type Stop } from './hit';
import { glyphRoom } from './draw_marks';
import { laneKey } from './lanestore';
import { plainKey } from './rows';
import { scratch } from './scene';
import type { Timeline } from './timeline';

export interface KeyAct {
  /** As url/keys names them. */
  keys: string;
  does: string;
  run: (timeline: Timeline) => void;
}

/** Keys of the page, wherever the focus is. */
export const pageKeys: readonly KeyAct[] = [
  { keys: 'w|+|=', does: 'Zoom in', run: (t) => zoom(t, 2) },
  { keys: 's|-', does: 'Zoom out', run: (t) => zoom(t, 0.5) },
  { keys: 'a|Shift+ArrowLeft', does: 'Earlier', run: (t) => pan(t, -0.25) },
  { keys: 'd|Shift+ArrowRight', does: 'Later', run: (t) => pan(t, 0.25) },
  { keys: 'f', does: 'Fit the selected row or record', run: fitSelection },
  { keys: '0', does: 'Show everything', run: (t) => t.go(t.scene.extent, { animate: true, jump: true }) },
  { keys: ',', does: 'Record before in the row', run: (t) => step(t, -1) },
  { keys: '.', does: 'Next record in the row', run: (t) => step(t, 1) },
  { keys: 'p', does: 'Pin the row to the top, or take it off', run: (t) => toggle(t, 'pin') },
  { keys: 'x', does: 'Hide or show what stands below the row', run: (t) => toggle(t, 'fold') },
  { keys: 'm', does: 'Menu of the row', run: menu },
];

/** Keys of the rows: only where they have the focus, since buttons and links need them too. */
export const rowKeys: readonly KeyAct[] = [
  { keys: 'ArrowUp', does: 'Row above', run: (t) => moveRow(t, -1) },
  { keys: 'ArrowDown', does: 'Row below', run: (t) => moveRow(t, 1) },
  { keys: 'ArrowLeft', does: 'Record before in the row', run: (t) => step(t, -1) },
  { keys: 'ArrowRight', does: 'Next record in the row', run: (t) => step(t, 1) },
  { keys: 'Enter', does: 'Open the object', run: enter },
  { keys: 'Space', does: 'Show or hide the states of an object, or what a group holds', run: (t) => toggle(t, 'open') },
  { keys: 'Home', does: 'To the beginning', run: (t) => edge(t, -1) },
  { keys: 'End', does: 'To the end', run: (t) => edge(t, 1) },
];

/** Makes the keys of the rows work; gives the function that ends it. */
export function attachKeys(timeline: Timeline): () => void {
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target !== timeline.scroller) return;
    const name = event.key === ' ' ? 'Space' : event.key;
    const act = rowKeys.find((k) => k.keys.split('|').includes(name));
    if (!act) return;
    event.preventDefault();
    timeline.forgetPointer();
    act.run(timeline);
  };
  timeline.scroller.addEventListener('keydown', pressed);
  return () => timeline.scroller.removeEventListener('keydown', pressed);
}

function zoom(t: Timeline, factor: number): void {
  const { scale, cursor } = t.scene;
  // Around what one looks at: the pointer, else the cursor, else the middle.
  const at = t.overlay.pointer ?? (cursor !== undefined && cursor > scale.from && cursor < scale.to ? (cursor - scale.from) / scale.perPixel : scale.width / 2);
  t.go(zoomedAt(scale, at, factor), { animate: true });
}

function pan(t: Timeline, share: number): void {
  t.go(pannedBy(t.scene.scale, t.scene.scale.width * share), { animate: true });
}

function edge(t: Timeline, way: 1 | -1): void {
  const { extent, scale } = t.scene;
  const span = scale.to - scale.from;
  const room = Math.round(span * 0.04);
  t.go(way < 0 ? { from: extent.from - room, to: extent.from - room + span } : { from: extent.to + room - span, to: extent.to + room }, { animate: true, jump: true });
}

function moveRow(t: Timeline, way: 1 | -1): void {
  const { main } = t.layouts;
  const here = main.byKey.get(t.focused);
  const next = here === undefined ? 0 : Math.min(main.lines.length - 1, Math.max(0, here + way));
  const line = main.lines[next];
  if (!line) return;
  t.setFocus(line.key, true);
  const row = t.rowOf(line);
  t.speak([line.prefix, line.label, row?.namespace ? `in ${row.namespace}` : ''].filter(Boolean).join(' '));
}

function toggle(t: Timeline, what: 'fold' | 'open' | 'pin'): void {
  const spot = t.spotOf(t.focused);
  if (!spot) return;
  if (spot.line.kind === 'group') t.on.toggle('fold', spot.line.key);
  else if (spot.line.kind === 'object') t.on.toggle(what, plainKey(spot.line));
}

/** Opens the menu of the focused row beside its label. */
function menu(t: Timeline): void {
  const spot = t.spotOf(t.focused);
  if (spot?.line.kind !== 'object') return;
  const box = t.host.getBoundingClientRect();
  t.on.menu(spot.line, t.rowOf(spot.line), new DOMRect(box.left, box.top + spot.y, t.scene.left, spot.height));
}

function enter(t: Timeline): void {
  const spot = t.spotOf(t.focused);
  const row = spot && t.rowOf(spot.line);
  if (spot?.line.kind === 'group') t.on.toggle('fold', spot.line.key);
  else if (row) t.on.enter(row);
}

/** Puts the lane of the focused row together; undefined where there is none. */
function focusedLane(t: Timeline): { cluster: string; uid: string } | undefined {
  const spot = t.spotOf(t.focused);
  const row = spot && spot.line.kind !== 'group' ? t.rowOf(spot.line) : undefined;
  const entry = row?.uid ? t.store.entry(row.cluster, row.uid) : undefined;
  if (!row?.uid || !entry) return undefined;
  scratch.lane.fill(t.store, entry, t.range(), t.scene.scale, glyphRoom * t.scene.scale.perPixel);
  return { cluster: row.cluster, uid: row.uid };
}

/** Goes to the record before or behind the selected one, or the cursor; beyond the view, the view moves. */
function step(t: Timeline, way: 1 | -1): void {
  const lane = focusedLane(t);
  if (!lane) {
    // A group, and a row that is not loaded, has no records to step to.
    if (!t.spotOf(t.focused)) moveRow(t, 1);
    return;
  }
  const { scale, cursor } = t.scene;
  const own = t.selected && laneKey(t.selected.cluster, t.selected.uid) === laneKey(lane.cluster, lane.uid) ? t.selected.id : '';
  const at = cursor ?? (way > 0 ? scale.from : scale.to);
  const stop = nextStop(scratch.lane, at, own, way);
  if (!stop) {
    const more = way > 0 ? scale.to < t.scene.extent.to : scale.from > t.scene.extent.from;
    t.speak(more ? 'No other record in view, looking further' : way > 0 ? 'No later record' : 'No earlier record');
    if (more) pan(t, way * 0.5);
    return;
  }
  if (stop.at < scale.from || stop.at > scale.to) pan(t, way * 0.5);
  t.on.cursor(stop.at);
  t.on.select({ ...lane, id: stop.id });
  t.speak(sentence(t, stop));
}

/** What is read aloud of a record. */
function sentence(t: Timeline, stop: Stop): string {
  const { zone, scale } = t.scene;
  const context = { row: undefined, shape: undefined, zone, perPixel: scale.perPixel, cursor: undefined };
  const hit = stop.mark ? ({ kind: 'marks', marks: [stop.mark] } as const) : undefined;
  if (hit) return [markTitle(hit.marks[0]), ...cardLines(hit, context).slice(1).map((l) => l.words)].filter(Boolean).join(', ');
  return stop.bar ? `${stop.bar.text || stop.bar.state}` : '';
}

function fitSelection(t: Timeline): void {
  const lane = focusedLane(t);
  if (!lane) return;
  const { bars } = scratch.lane;
  const { recorded, extent } = t.scene;
  const selected = t.selected?.id;
  const state = bars.bar.slice(0, bars.count).findIndex((b) => b.id === selected);
  if (state >= 0 && selected) {
    t.go(withMargin({ from: bars.from[state] ?? 0, to: Math.min(bars.until[state] ?? 0, recorded.to) }, 0.12, 1000), { animate: true, jump: true });
    return;
  }
  const spot = t.spotOf(t.focused);
  const row = spot && t.rowOf(spot.line);
  if (row) t.go(withMargin({ from: row.created || row.first || extent.from, to: row.ended || row.last || extent.to }, 0.06, 1000), { animate: true, jump: true });
}
