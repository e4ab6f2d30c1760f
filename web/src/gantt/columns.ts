import type { Scale } from '../time/scale';
import { signNumber } from './attrs';
import { firstAtOrAfter } from './hit';
import type { Spans } from './spans';

/** Events that fall on one place, drawn as the most important of them. */
export interface Column {
  x: number;
  /** The event that is drawn. */
  event: number;
  sign: number;
  count: number;
}

const warning = signNumber('warning');

/** How many events before each place are warnings or failures: so that a crowd of thousands is looked over in no time. */
export function alertsBefore(spans: Spans): Int32Array {
  const before = new Int32Array(spans.eventSign.length + 1);
  for (let e = 0; e < spans.eventSign.length; e++) before[e + 1] = (before[e] ?? 0) + ((spans.eventSign[e] ?? 0) >= warning ? 1 : 0);
  return before;
}

/** How many events of a crowd are looked at one by one for the most important. */
const looked = 12;

/**
 * The events of a span within a scale, those nearer than gap pixels to the first of them together. Its cost is that of the columns drawn, not of the
 * events.
 */
export function columnsOf(spans: Spans, alerts: Int32Array, span: number, scale: Scale, gap: number, into: Column[]): Column[] {
  into.length = 0;
  const end = spans.eventFrom[span + 1] ?? 0;
  const last = scale.to + gap * scale.perPixel;
  let e = firstAtOrAfter(spans.eventAt, scale.from - gap * scale.perPixel, spans.eventFrom[span] ?? 0, end);
  while (e < end) {
    const at = spans.eventAt[e] ?? 0;
    if (at > last) break;
    const after = crowdEnd(spans.eventAt, at + gap * scale.perPixel, e, end);
    const event = mostImportant(spans, alerts, e, after);
    const sign = spans.eventSign[event] ?? 0;
    if (sign > 0) into.push({ x: ((spans.eventAt[event] ?? 0) - scale.from) / scale.perPixel, event, sign, count: after - e });
    e = after;
  }
  return into;
}

/** Looks a few steps ahead, then by halves. */
function crowdEnd(at: Float64Array, until: number, from: number, end: number): number {
  let e = from + 1;
  const near = Math.min(end, from + 8);
  while (e < near && (at[e] ?? 0) < until) e++;
  return e < near ? e : firstAtOrAfter(at, until, e, end);
}

function mostImportant(spans: Spans, alerts: Int32Array, from: number, to: number): number {
  const alerting = (alerts[to] ?? 0) > (alerts[from] ?? 0);
  let e = from;
  if (alerting && to - from > looked) {
    // By halves: the place where the count of alerts first rises.
    let low = from + 1;
    let high = to;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((alerts[middle] ?? 0) > (alerts[from] ?? 0)) high = middle;
      else low = middle + 1;
    }
    e = low - 1;
  }
  let best = e;
  for (const stop = Math.min(to, e + looked); e < stop; e++) if ((spans.eventSign[e] ?? 0) > (spans.eventSign[best] ?? 0)) best = e;
  return best;
}
