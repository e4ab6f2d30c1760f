import type { Moment } from '../time/moment';
import type { Spans } from './spans';

/** A stretch of time that a span is responsible for. */
export interface Stretch {
  span: number;
  from: Moment;
  to: Moment;
}

/**
 * The critical path: the chain of spans that determined when the trace came to its end. Walked backwards from the last moment of all: at a span
 * and a moment, the one below it that was the last to be over before that moment is responsible for the time from its beginning to its end, and
 * is looked into in the same way; what is left between is the span's own. What stands below a span may begin before it and go on after it (a Pod
 * outlives a ReplicaSet's last record), so a span counts from the first beginning to the last end of itself and all that is below; a stretch in
 * which the span itself did not run is left out. Stretches come in the order of time and do not overlap.
 */
export function criticalPath(spans: Spans, root = -1): Stretch[] {
  const reach = reachOf(spans);
  const path: Stretch[] = [];
  const top = root >= 0 ? [root] : rootsOf(spans);
  let until = Infinity;
  for (const i of lastFirst(top, reach)) {
    if ((reach.to[i] ?? 0) > until) continue;
    walk(spans, reach, i, Math.min(until, reach.to[i] ?? 0), path);
    until = reach.from[i] ?? 0;
  }
  return path.reverse();
}

/** How long the stretches of each span are together; 0 where a span is not on the path. */
export function shareOf(spans: Spans, path: readonly Stretch[]): Float64Array {
  const share = new Float64Array(spans.count);
  for (const s of path) share[s.span] = (share[s.span] ?? 0) + s.to - s.from;
  return share;
}

interface Reach {
  from: Float64Array;
  to: Float64Array;
  below: number[][];
}

function reachOf(spans: Spans): Reach {
  const reach: Reach = { from: spans.start.slice(), to: spans.end.slice(), below: Array.from({ length: spans.count }, () => []) };
  for (let i = spans.count - 1; i >= 0; i--) {
    const up = spans.parent[i] ?? -1;
    if (up < 0) continue;
    reach.from[up] = Math.min(reach.from[up] ?? 0, reach.from[i] ?? 0);
    reach.to[up] = Math.max(reach.to[up] ?? 0, reach.to[i] ?? 0);
    reach.below[up]?.push(i);
  }
  return reach;
}

function rootsOf(spans: Spans): number[] {
  return Array.from({ length: spans.count }, (_, i) => i).filter((i) => (spans.parent[i] ?? -1) < 0);
}

function lastFirst(list: readonly number[], reach: Reach): number[] {
  return [...list].sort((a, b) => (reach.to[b] ?? 0) - (reach.to[a] ?? 0) || (reach.from[b] ?? 0) - (reach.from[a] ?? 0) || b - a);
}

function walk(spans: Spans, reach: Reach, root: number, end: Moment, path: Stretch[]): void {
  // Each entry: a span, the ones below it that may still be responsible, the last one first, and the moment that is to be explained.
  const stack = [{ i: root, at: end, left: lastFirst(reach.below[root] ?? [], reach), next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    let found = -1;
    while (top.next < top.left.length && found < 0) {
      const i = top.left[top.next++] ?? 0;
      if ((reach.to[i] ?? 0) <= top.at) found = i;
    }
    if (found < 0) {
      own(spans, top.i, reach.from[top.i] ?? 0, top.at, path);
      stack.pop();
      continue;
    }
    const to = reach.to[found] ?? 0;
    own(spans, top.i, to, top.at, path);
    top.at = reach.from[found] ?? 0;
    stack.push({ i: found, at: to, left: lastFirst(reach.below[found] ?? [], reach), next: 0 });
  }
}

function own(spans: Spans, i: number, from: Moment, to: Moment, path: Stretch[]): void {
  const a = Math.max(from, spans.start[i] ?? 0);
  const b = Math.min(to, spans.end[i] ?? 0);
  if (b > a) path.push({ span: i, from: a, to: b });
}
