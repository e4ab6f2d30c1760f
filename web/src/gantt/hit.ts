import { xOf, type Scale } from '../time/scale';
import type { Spans } from './spans';

/** A span, or an event on it (a number of the event arrays; -1: the span itself). */
export interface Pick {
  span: number;
  event: number;
}

/** What lies under a point of the drawing. */
export interface Hit extends Pick {
  row: number;
  /** Whether the point is on the bar or an event, not merely in the row. */
  on: boolean;
}

/** How far beside a mark a point may lie, in pixels. */
const reach = 6;

/** What lies at x in a row; y counts from the first row. Undefined below the last row. */
export function hitAt(spans: Spans, rows: Int32Array, scale: Scale, x: number, y: number, rowHeight: number): Hit | undefined {
  const row = Math.floor(y / rowHeight);
  const span = rows[row];
  if (span === undefined || row < 0) return undefined;
  const event = eventNear(spans, span, scale, x);
  if (event >= 0) return { row, span, event, on: true };
  const from = xOf(scale, spans.start[span] ?? 0);
  const to = xOf(scale, spans.end[span] ?? 0);
  return { row, span, event: -1, on: x >= from - reach && x <= to + reach };
}

/** The event of a span that lies nearest to x, the more important one of equally near ones; -1: none is near. */
export function eventNear(spans: Spans, span: number, scale: Scale, x: number): number {
  const end = spans.eventFrom[span + 1] ?? 0;
  const least = scale.from + (x - reach) * scale.perPixel;
  const most = scale.from + (x + reach) * scale.perPixel;
  let best = -1;
  let bestScore = Infinity;
  for (let e = firstAtOrAfter(spans.eventAt, least, spans.eventFrom[span] ?? 0, end); e < end && (spans.eventAt[e] ?? 0) <= most; e++) {
    const sign = spans.eventSign[e] ?? 0;
    if (sign === 0) continue;
    const score = Math.round(Math.abs(xOf(scale, spans.eventAt[e] ?? 0) - x)) - sign / 20;
    if (score >= bestScore) continue;
    best = e;
    bestScore = score;
  }
  return best;
}

/** The first place from low to high (not included) whose value is at least wanted; high where there is none. The values rise. */
export function firstAtOrAfter(values: Float64Array, wanted: number, low: number, high: number): number {
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
