/** Long histories are read in pieces: ranges of time with about as many records each, found by how many fall in each column of the lane. */
import type { Lane, Lanes } from '../../api/types';
import type { Moment, Window } from '../../time/moment';

/** Ranges in a row, each with at least `per` records but the last. */
export function rangesOf({ from, to, bin }: Pick<Lanes, 'from' | 'to' | 'bin'>, lane: Pick<Lane, 'bins' | 'marks'>, per: number): Window[] {
  const counts = new Map<number, number>();
  const add = (column: number, n: number) => counts.set(column, (counts.get(column) ?? 0) + n);
  for (const one of lane.bins ?? []) add(one.bin, (one.changes ?? 0) + (one.reads ?? 0) + (one.normal ?? 0) + (one.warning ?? 0) + (one.spans ?? 0));
  for (const mark of lane.marks ?? []) add(Math.floor((mark.at - from) / bin), 1);
  const ranges: Window[] = [];
  let start = from;
  let sum = 0;
  for (const [column, n] of [...counts].sort(([a], [b]) => a - b)) {
    sum += n;
    if (sum < per) continue;
    const end = from + (column + 1) * bin;
    ranges.push({ from: start, to: end });
    [start, sum] = [end, 0];
  }
  if (start < to || ranges.length === 0) ranges.push({ from: start, to: Math.max(to, start + 1) });
  return ranges;
}

/** The range that a moment lies in with its neighbours, so that one can step on both ways; the last ones without a moment. */
export function rangeAround(ranges: readonly Window[], at: Moment | undefined): Window | undefined {
  const found = at === undefined ? -1 : ranges.findIndex((range) => at < range.to);
  const i = found < 0 ? ranges.length - 1 : found;
  const [first, last] = [ranges[Math.max(0, i - 1)], ranges[Math.min(ranges.length - 1, i + 1)]];
  return first && last && { from: first.from, to: last.to };
}
