/** A tile of a lane as it is kept: flat arrays in the order of time, so that drawing walks numbers. */
import type { Bar, Derived, Lane, LaneBin, Mark, Step, Stretch } from '../api/drawn';
import { stateNames, stateName } from '../theme/palette';
import type { Window } from '../time/moment';

/** States that hold until the next. */
export interface Bars {
  count: number;
  from: Float64Array;
  /** Infinity where the state still holds. */
  to: Float64Array;
  /** Equal to from where the beginning is sharp. */
  early: Float64Array;
  /** Index into stateNames. */
  state: Uint8Array;
  all: readonly Bar[];
}

export interface Marks {
  count: number;
  at: Float64Array;
  until: Float64Array;
  shape: Uint8Array;
  all: readonly Mark[];
}

/** Columns that count what is too dense to draw one by one. */
export interface Bins {
  count: number;
  /** Beginning of the column. */
  at: Float64Array;
  all: readonly LaneBin[];
}

export interface Steps {
  all: readonly Step[];
  max: number;
}

export interface DerivedData {
  bars?: Bars;
  steps?: Steps;
}

export interface LaneData extends Window {
  bin: number;
  bars: Bars;
  marks: Marks;
  bins: Bins;
  unknown: readonly Stretch[];
  derived: ReadonlyMap<string, DerivedData> | undefined;
  /** Records in the tile, drawn one by one or not. */
  records: number;
  cut: string;
  /** Until when it is sure that what still held goes on; Infinity: to the end of what is recorded. Facts that came later may have ended it. */
  sure: number;
  /** Nothing happens in it, at any level of detail. */
  quiet: boolean;
  /** How much memory it is, about, in entries. */
  weight: number;
}

/** How a mark is drawn. */
export const shapes = ['create', 'change', 'delete', 'read', 'failed', 'normal', 'warning', 'span', 'noop', 'seen', 'gap'] as const;
export type Shape = (typeof shapes)[number];

/** What a mark looks like; a glyph each, so that colour is not needed to tell them apart. */
export function shapeOf(mark: Mark): Shape {
  if (mark.kind === 'event') return mark.severity === 'Warning' ? 'warning' : 'normal';
  if (mark.kind === 'span') return mark.failed ? 'failed' : 'span';
  if (mark.kind === 'gap') return 'gap';
  if (mark.failed) return 'failed';
  if (mark.kind === 'end' || mark.verb === 'delete' || mark.verb === 'deletecollection') return 'delete';
  if (mark.noop) return 'noop';
  if (mark.verb === 'create' && !mark.sub) return 'create';
  if (mark.verb === 'get' || mark.verb === 'list' || mark.verb === 'watch') return 'read';
  return mark.verb ? 'change' : 'seen';
}

/** Groups of derived rows in the order in which they stand. */
export const derivedGroups = ['rollout', 'replicas', 'phase', 'conditions', 'containers'] as const;

export function derivedKey(derived: { group: string; name: string }): string {
  return `${derived.group}/${derived.name}`;
}

export function barsOf(all: readonly Bar[]): Bars {
  const n = all.length;
  const bars: Bars = { count: n, from: new Float64Array(n), to: new Float64Array(n), early: new Float64Array(n), state: new Uint8Array(n), all };
  all.forEach((bar, i) => {
    bars.from[i] = bar.from;
    bars.to[i] = bar.to || Infinity;
    bars.early[i] = bar.early || (bar.earlier ? -Infinity : bar.from);
    bars.state[i] = stateNames.indexOf(stateName(bar.state));
  });
  return bars;
}

function marksOf(all: readonly Mark[]): Marks {
  const n = all.length;
  const marks: Marks = { count: n, at: new Float64Array(n), until: new Float64Array(n), shape: new Uint8Array(n), all };
  all.forEach((mark, i) => {
    marks.at[i] = mark.at;
    marks.until[i] = Math.max(mark.at, mark.until ?? 0);
    marks.shape[i] = shapes.indexOf(shapeOf(mark));
  });
  return marks;
}

/** Prepares an answer for drawing. What lies outside of the tile belongs to its neighbour. */
export function laneData(lane: Lane, window: Window, bin: number): LaneData {
  const bars = barsOf(lane.bars ?? []);
  const marks = marksOf((lane.marks ?? []).filter((m) => m.at >= window.from && m.at < window.to));
  const columns = lane.bins ?? [];
  const bins: Bins = { count: columns.length, at: Float64Array.from(columns, (b) => window.from + b.bin * bin), all: columns };
  const derived = lane.derived && new Map(lane.derived.map((d) => [derivedKey(d), derivedData(d)]));
  const derivedWeight = (lane.derived ?? []).reduce((n, d) => n + 4 + (d.bars?.length ?? 0) + (d.steps?.length ?? 0), 0);
  const still = bars.count === 0 || (bars.count === 1 && !bars.all[0]?.n && (bars.from[0] ?? 0) < window.from && (bars.to[0] ?? 0) >= window.to);
  return {
    from: window.from, to: window.to, bin, bars, marks, bins, derived, unknown: lane.unknown ?? [], records: lane.records, cut: lane.cut ?? '', sure: Infinity,
    quiet: still && lane.records === 0 && marks.count === 0 && bins.count === 0 && derivedWeight === 0,
    weight: 2 + bars.count + marks.count * 1.5 + bins.count * 0.7 + (lane.unknown?.length ?? 0) + derivedWeight,
  };
}

function derivedData(derived: Derived): DerivedData {
  return {
    ...(derived.bars?.length ? { bars: barsOf(derived.bars) } : {}),
    ...(derived.steps?.length ? { steps: { all: derived.steps, max: derived.max ?? Math.max(...derived.steps.map((s) => Math.max(s.value, s.wanted ?? 0))) } } : {}),
  };
}
