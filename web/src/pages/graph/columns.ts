/** The changes of a graph on its strip of time. Pure. */
import type { Moment } from '../../time/moment';

/** How many changes lie in each column of this width, of those that have any. */
export function columnsOf(changes: readonly Moment[], from: Moment, width: number): [Moment, number][] {
  const columns: [Moment, number][] = [];
  for (const at of changes) {
    const start = from + Math.floor((at - from) / width) * width;
    const last = columns.at(-1);
    if (last?.[0] === start) last[1]++;
    else columns.push([start, 1]);
  }
  return columns;
}

/** The change before a moment, and the one after it. */
export function neighbours(changes: readonly Moment[], at: Moment): [Moment | undefined, Moment | undefined] {
  return [changes.findLast((c) => c < at), changes.find((c) => c > at)];
}
