import type { TraceSpan } from '../../api/types';

/** A span of so many microseconds after 15:26. */
export function span(spanID: string, parentSpanID: string, start: number, end: number, more: Partial<TraceSpan> = {}): TraceSpan {
  return { spanID, parentSpanID, service: 'pods', name: spanID, start: moment(start), end: moment(end), ...more };
}

export function moment(micros: number): string {
  return `2026-11-21T15:26:00.${String(micros).padStart(6, '0')}Z`;
}
