/** What lies at a point of a lane. Pure. */
import type { Bar, LaneBin, Mark, Step, Stretch } from '../api/drawn';
import type { Window } from '../time/moment';
import { timeAt, xOf, type Scale } from '../time/scale';
import type { Assembled, AssembledDerived, BarList } from './assemble';
import { barTop } from './draw_lane';

/** How a state ends: then; it holds at the end of what is recorded; or not before then, as far as is known. */
export type Ends = 'then' | 'open' | 'later';

/** What was hit, the most particular first. */
export type Hit =
  | { kind: 'marks'; marks: readonly Mark[] }
  | { kind: 'bin'; bin: LaneBin; window: Window }
  | { kind: 'bar'; bar: Bar; window: Window; ends: Ends }
  | { kind: 'step'; step: Step; window: Window }
  | { kind: 'unknown'; stretch: Stretch }
  | { kind: 'nothing' };

/** How near to a mark one has to point, in pixels: among the glyphs, and among the bars below them. */
export const reach = 6;
const reachBelow = 3;

const nothing: Hit = { kind: 'nothing' };

/** What lies at x of the lanes and y of the row. Marks lie over columns, those over bars. */
export function hitLane(lane: Assembled, scale: Scale, x: number, y: number, end: number): Hit {
  const marks = marksAt(lane, scale, x, y < barTop ? reach : reachBelow);
  if (marks.length > 0) return { kind: 'marks', marks };
  if (y < barTop) {
    const column = columnAt(lane, scale, x);
    if (column) return column;
  }
  return hitBars(lane.bars, scale, x, end) ?? hitUnknown(lane.unknown, timeAt(scale, x)) ?? columnAt(lane, scale, x) ?? nothing;
}

/** Marks within reach of x, the nearest first; of those equally near what failed, then Warnings. */
export function marksAt(lane: Assembled, scale: Scale, x: number, within: number): readonly Mark[] {
  const found: { mark: Mark; far: number }[] = [];
  for (let i = 0; i < lane.marks; i++) {
    const mark = lane.mark[i];
    const at = lane.markAt[i] ?? 0;
    const until = mark?.kind === 'span' ? (lane.markUntil[i] ?? at) : at;
    const far = Math.max(xOf(scale, at) - x, x - xOf(scale, until), 0);
    if (mark && far <= within) found.push({ mark, far: Math.round(far) });
  }
  return found.sort((a, b) => a.far - b.far || weight(b.mark) - weight(a.mark)).map((f) => f.mark);
}

function weight(mark: Mark): number {
  if (mark.failed) return 4;
  if (mark.severity === 'Warning') return 3;
  if (mark.kind === 'revision' || mark.kind === 'end') return 2;
  return mark.kind === 'event' ? 1 : 0;
}

function columnAt(lane: Assembled, scale: Scale, x: number): Hit | undefined {
  let best: Hit | undefined;
  let nearest = 3;
  for (let i = 0; i < lane.bins; i++) {
    const bin = lane.bin[i];
    const from = lane.binAt[i] ?? 0;
    const to = from + (lane.binWidth[i] ?? 0);
    const far = Math.max(xOf(scale, from) - x, x - xOf(scale, to), 0);
    if (!bin || far >= nearest) continue;
    nearest = far;
    best = { kind: 'bin', bin, window: { from, to } };
  }
  return best;
}

/** The bar at x; thin ones are hit from a pixel beside. */
export function hitBars(bars: BarList, scale: Scale, x: number, end: number): Hit | undefined {
  let thin: Hit | undefined;
  for (let i = 0; i < bars.count; i++) {
    const bar = bars.bar[i];
    const from = bars.from[i] ?? 0;
    const to = Math.min(bars.to[i] ?? 0, end);
    const x0 = xOf(scale, from);
    const x1 = xOf(scale, to);
    if (!bar || to <= from) continue;
    if (x >= x0 && x < x1) return hitBar(bars, i, bar, end);
    if (x1 - x0 < 4 && x >= x0 - 2 && x < x1 + 2) thin = hitBar(bars, i, bar, end);
  }
  return thin;
}

/** A bar from its true beginning to its true end, of which only a part may be loaded, or drawn. */
function hitBar(bars: BarList, i: number, bar: Bar, end: number): Hit {
  const until = bars.until[i] ?? 0;
  const ends: Ends = until === Infinity ? 'open' : bars.atLeast[i] ? 'later' : 'then';
  return { kind: 'bar', bar, window: { from: Math.min(bar.from, bars.from[i] ?? 0), to: until === Infinity ? end : until }, ends };
}

function hitUnknown(stretches: readonly Stretch[], at: number): Hit | undefined {
  const stretch = stretches.find((s) => (s.from ?? 0) <= at && at < (s.to || Infinity));
  return stretch && { kind: 'unknown', stretch };
}

/** What lies at x of a derived row. */
export function hitDerived(derived: AssembledDerived, scale: Scale, x: number, end: number): Hit {
  const at = timeAt(scale, x);
  for (let i = derived.steps.length - 1; i >= 0; i--) {
    const step = derived.steps[i];
    if (step && step.at <= at && at < end) return { kind: 'step', step, window: { from: step.at, to: Math.min(end, derived.steps[i + 1]?.at ?? end) } };
  }
  return hitBars(derived.bars, scale, x, end) ?? nothing;
}

/** One thing that keys step to: a mark, or a state that began. */
export interface Stop {
  at: number;
  id: string;
  mark?: Mark;
  bar?: Bar;
}

/** The nearest stop before (-1) or behind (1) a moment; equal moments are told apart by id, in their order. */
export function nextStop(lane: Assembled, at: number, id: string, way: 1 | -1): Stop | undefined {
  const stops: Stop[] = [];
  for (let i = 0; i < lane.marks; i++) {
    const mark = lane.mark[i];
    if (mark) stops.push({ at: mark.at, id: mark.id, mark });
  }
  const marked = new Set(stops.map((s) => s.id));
  for (let i = 0; i < lane.bars.count; i++) {
    const bar = lane.bars.bar[i];
    if (bar?.id && !marked.has(bar.id)) stops.push({ at: bar.from, id: bar.id, bar });
  }
  stops.sort((a, b) => a.at - b.at);
  const here = stops.findIndex((s) => s.id === id && s.at === at);
  if (here >= 0) return stops[here + way];
  return way > 0 ? stops.find((s) => s.at > at) : stops.findLast((s) => s.at < at);
}
