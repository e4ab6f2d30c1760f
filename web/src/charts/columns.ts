/** Columns of counts over time: what the activity charts are drawn from. Pure. */
import type { LaneBin } from '../api/drawn';
import type { Moment } from '../time/moment';

/** What is counted of one column; absent: nothing. */
export type Counted = LaneBin;

export const counts = ['changes', 'reads', 'failed', 'normal', 'warning', 'spans'] as const;
export type Count = (typeof counts)[number];

/** Counts by column, each array as long as there are columns. */
export interface Columns {
  from: Moment;
  to: Moment;
  /** Microseconds of one column. */
  bin: number;
  length: number;
  of: Record<Count, Float64Array>;
}

const mostColumns = 5000;

/** Lays the bins that an answer names out over its whole window; bins outside of it are left out. */
export function columnsOf(answer: { from: Moment; to: Moment; bin: number; bins?: readonly Counted[] | null }): Columns {
  const bin = Math.max(1, answer.bin);
  const length = Math.min(mostColumns, Math.max(0, Math.ceil((answer.to - answer.from) / bin)));
  const empty = () => new Float64Array(length);
  const of = { changes: empty(), reads: empty(), failed: empty(), normal: empty(), warning: empty(), spans: empty() };
  for (const one of answer.bins ?? []) {
    // The newest fact lies at the very end of the window: it belongs to the last column.
    const at = one.bin === length ? length - 1 : one.bin;
    if (at < 0 || at >= length) continue;
    for (const name of counts) of[name][at] = (of[name][at] ?? 0) + (one[name] ?? 0);
  }
  return { from: answer.from, to: answer.to, bin, length, of };
}

/** How much there is of each count between two moments: a column that lies in it by half or more counts. */
export function totals(columns: Columns, from: Moment, to: Moment): Record<Count, number> {
  const sums = { changes: 0, reads: 0, failed: 0, normal: 0, warning: 0, spans: 0 };
  for (let i = 0; i < columns.length; i++) {
    const begin = columns.from + i * columns.bin;
    const middle = (begin + Math.min(columns.to, begin + columns.bin)) / 2;
    if (middle < from || middle >= to) continue;
    for (const name of counts) sums[name] += columns.of[name][i] ?? 0;
  }
  return sums;
}

/** The least of 1, 2, 5, 10, 20, 50, ... that is not below value. */
export function niceAbove(value: number): number {
  if (!(value > 1)) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5]) if (step * unit >= value) return step * unit;
  return 10 * unit;
}

/**
 * The count that a track's full height stands for. A few columns that tower over all others (a cluster that starts) would press these to the
 * ground: they are cut, and drawn as cut.
 */
export function heightOf(values: Float64Array): { top: number; cut: boolean } {
  const there = values.filter((v) => v > 0).sort();
  const most = there.at(-1) ?? 0;
  const usual = there[Math.floor((there.length - 1) * 0.95)] ?? 0;
  if (there.length < 8 || most <= 3 * usual) return { top: niceAbove(most), cut: false };
  return { top: niceAbove(1.5 * usual), cut: true };
}

/** Where a track is drawn: columns grow from base, up where rise is positive, and are as wide as a column less the gap. */
export interface Track {
  left: number;
  width: number;
  base: number;
  height: number;
  top: number;
  gap: number;
}

/** The least height of a column that counts anything: one failure among thousands is seen. */
const least = 2;

/** The height in pixels of a count. */
export function rise(value: number, track: Pick<Track, 'height' | 'top'>): number {
  if (!(value > 0)) return 0;
  return Math.min(track.height, Math.max(least, (value / track.top) * track.height));
}

/** SVG path data of the columns of values, standing on those of below. */
export function columnPath(values: Float64Array, track: Track, below?: Float64Array): string {
  const step = track.width / Math.max(1, values.length);
  const wide = Math.max(1, step - track.gap);
  let path = '';
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (!(value > 0)) continue;
    const foot = rise(below?.[i] ?? 0, track);
    const head = Math.min(track.height, Math.max(foot + least, rise(value + (below?.[i] ?? 0), track)));
    if (head <= foot) continue;
    const x = round(track.left + i * step);
    path += `M${x} ${round(track.base - foot)}h${round(wide)}V${round(track.base - head)}h${round(-wide)}z`;
  }
  return path;
}

/** Path of the notches of columns that are higher than the track. */
export function notchPath(values: Float64Array, track: Track): string {
  const step = track.width / Math.max(1, values.length);
  const wide = Math.max(1, step - track.gap);
  const y = round(track.base - track.height + 4);
  let path = '';
  for (let i = 0; i < values.length; i++) {
    if ((values[i] ?? 0) <= track.top) continue;
    path += `M${round(track.left + i * step - 0.5)} ${y + 1}l${round(wide + 1)} -2.5v2l${round(-wide - 1)} 2.5z`;
  }
  return path;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
