import type { Trace, TraceSpan } from '../api/types';
import { parseMoment, type Moment } from '../time/moment';
import { numberOf, signNumber, signOf, textOf } from './attrs';

/** What a span stands for. */
export const roles = { object: 0, group: 1, record: 2 } as const;
export type Role = (typeof roles)[keyof typeof roles];

/**
 * A trace in flat arrays, as it is drawn: a span is a number; parents stand before what is below them, siblings by start. Events ("logs") of span i
 * are those from eventFrom[i] to eventFrom[i + 1], by time.
 */
export interface Spans {
  readonly count: number;
  readonly of: readonly TraceSpan[];
  /** -1: a root. */
  readonly parent: Int32Array;
  readonly depth: Int32Array;
  /** The first span behind all that is below i. */
  readonly next: Int32Array;
  /** How many stand directly below. */
  readonly kids: Int32Array;
  readonly role: Uint8Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly failed: Uint8Array;
  /** Of the record that the span is: a number of signs. */
  readonly sign: Uint8Array;
  /** Number of the span's service, in services. */
  readonly service: Int32Array;
  readonly services: readonly string[];
  readonly eventFrom: Int32Array;
  readonly eventAt: Float64Array;
  readonly eventSign: Uint8Array;
  /** Which of the span's events it is. */
  readonly eventOf: Int32Array;
  /** From the first to the last moment of all. */
  readonly from: Moment;
  readonly to: Moment;
  readonly objects: number;
  readonly failedSpans: number;
}

interface Read {
  span: TraceSpan;
  start: Moment;
  end: Moment;
  below: number[];
}

/** Lays a trace out. Spans whose parent is missing, or that stand below themselves, are roots. */
export function layOut(trace: Pick<Trace, 'spans'>): Spans {
  const read = trace.spans.map(readSpan);
  const roots = nest(read);
  const order = preorder(read, roots);
  return flatten(read, order.order, order.parents);
}

function readSpan(span: TraceSpan): Read {
  const start = momentOf(span.start) ?? 0;
  return { span, start, end: Math.max(start, momentOf(span.end) ?? start), below: [] };
}

const minutes = new Map<string, Moment>();
const mostMinutes = 10_000;

/** As parseMoment; times of one minute share the work, of which a trace has many. */
function momentOf(text: string): Moment | undefined {
  const head = text.slice(0, 17);
  const tail = /^(\d\d)(?:\.(\d{1,9}))?Z$/.exec(text.slice(17));
  if (!tail || Number(tail[1]) > 59) return parseMoment(text);
  let at = minutes.get(head);
  if (at === undefined) {
    at = parseMoment(`${head}00Z`);
    if (at === undefined) return undefined;
    if (minutes.size >= mostMinutes) minutes.clear();
    minutes.set(head, at);
  }
  return at + Number(tail[1]) * 1_000_000 + (tail[2] === undefined ? 0 : Number(tail[2].padEnd(6, '0').slice(0, 6)));
}

function nest(read: Read[]): number[] {
  const byID = new Map(read.map((r, i) => [r.span.spanID, i]));
  const roots: number[] = [];
  read.forEach((r, i) => {
    const parent = r.span.parentSpanID ? byID.get(r.span.parentSpanID) : undefined;
    if (parent === undefined || parent === i) roots.push(i);
    else read[parent]?.below.push(i);
  });
  const byStart = (a: number, b: number) => (read[a]?.start ?? 0) - (read[b]?.start ?? 0) || a - b;
  for (const r of read) r.below.sort(byStart);
  return roots.sort(byStart);
}

function preorder(read: Read[], roots: number[]): { order: number[]; parents: Int32Array } {
  const order: number[] = [];
  const place = new Int32Array(read.length).fill(-1);
  const parents = new Int32Array(read.length).fill(-1);
  const walk = (root: number) => {
    const stack: [number, number][] = [[root, -1]];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const [i, parent] = top;
      if (place[i] !== -1) continue;
      place[i] = order.length;
      parents[order.length] = parent;
      const at = order.push(i) - 1;
      const below = read[i]?.below ?? [];
      for (let k = below.length - 1; k >= 0; k--) stack.push([below[k] ?? 0, at]);
    }
  };
  roots.forEach(walk);
  for (let i = 0; i < read.length; i++) if (place[i] === -1) walk(i); // a ring: whatever comes first is its root
  return { order, parents };
}

function flatten(read: Read[], order: number[], parent: Int32Array): Spans {
  const n = order.length;
  const at = (i: number) => read[order[i] ?? 0] as Read;
  const events = read.reduce((sum, r) => sum + (r.span.events?.length ?? 0), 0);
  const spans = {
    count: n, of: order.map((i) => (read[i] as Read).span), parent,
    depth: new Int32Array(n), next: new Int32Array(n), kids: new Int32Array(n), role: new Uint8Array(n),
    start: Float64Array.from({ length: n }, (_, i) => at(i).start), end: Float64Array.from({ length: n }, (_, i) => at(i).end),
    failed: new Uint8Array(n), sign: new Uint8Array(n), service: new Int32Array(n), services: [] as string[],
    eventFrom: new Int32Array(n + 1), eventAt: new Float64Array(events), eventSign: new Uint8Array(events), eventOf: new Int32Array(events),
    from: Infinity, to: -Infinity, objects: 0, failedSpans: 0,
  };
  const services = new Map<string, number>();
  const objects = new Set<string>();
  for (let i = 0, used = 0; i < n; i++) {
    const span = at(i).span;
    const up = parent[i] ?? -1;
    spans.depth[i] = up < 0 ? 0 : (spans.depth[up] ?? 0) + 1;
    if (up >= 0) spans.kids[up] = (spans.kids[up] ?? 0) + 1;
    spans.role[i] = roleOf(span);
    objects.add(textOf(span.attrs, 'cluster') + '/' + (textOf(span.attrs, 'uid') || span.service + span.name));
    spans.failed[i] = span.failed ? 1 : 0;
    spans.failedSpans += span.failed ? 1 : 0;
    spans.sign[i] = signNumber(signOf(span.attrs, span.failed ?? false));
    if (!services.has(span.service)) services.set(span.service, services.size);
    spans.service[i] = services.get(span.service) ?? 0;
    const first = used;
    used = putEvents(spans, span, used);
    spans.eventFrom[i + 1] = used;
    spans.from = Math.min(spans.from, spans.start[i] ?? 0);
    spans.to = Math.max(spans.to, spans.end[i] ?? 0);
    if (used > first) {
      spans.from = Math.min(spans.from, spans.eventAt[first] ?? 0);
      spans.to = Math.max(spans.to, spans.eventAt[used - 1] ?? 0);
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    spans.next[i] = Math.max(spans.next[i] ?? 0, i + 1);
    const up = parent[i] ?? -1;
    if (up >= 0) spans.next[up] = Math.max(spans.next[up] ?? 0, spans.next[i] ?? 0);
  }
  if (n === 0) spans.from = spans.to = 0;
  return { ...spans, services: [...services.keys()], objects: objects.size };
}

function roleOf(span: TraceSpan): Role {
  if (textOf(span.attrs, 'record')) return roles.record;
  return textOf(span.attrs, 'grouped') ? roles.group : roles.object;
}

type EventArrays = Pick<Spans, 'eventAt' | 'eventSign' | 'eventOf'>;

function putEvents(into: EventArrays, span: TraceSpan, from: number): number {
  const list = (span.events ?? []).map((event, k) => ({ event, k, at: momentOf(event.at) ?? 0 }));
  list.sort((a, b) => a.at - b.at || a.k - b.k);
  list.forEach(({ event, k, at }, i) => {
    into.eventAt[from + i] = at;
    into.eventSign[from + i] = signNumber(signOf(event.attrs, textOf(event.attrs, 'error') === 'true'));
    into.eventOf[from + i] = k;
  });
  return from + list.length;
}

/** The event with that number, and the span that it stands on. */
export function eventAt(spans: Spans, span: number, event: number) {
  return spans.of[span]?.events?.[spans.eventOf[event] ?? -1];
}

/** How many records a span tells of that failed: as the server counted, or the failed logs on it. */
export function failuresOf(spans: Spans, i: number): number {
  const told = numberOf(spans.of[i]?.attrs, 'failed');
  return told || (spans.failed[i] ?? 0);
}
