import type { Spans } from './spans';

/** The spans that have a row, from above: nothing below a closed one, and where only some are wanted, those with what is above them. */
export function visibleRows(spans: Spans, closed: Uint8Array, wanted?: Uint8Array): Int32Array {
  const kept = wanted && withAncestors(spans, wanted);
  const rows = new Int32Array(spans.count);
  let n = 0;
  for (let i = 0; i < spans.count; ) {
    if (!kept || kept[i]) rows[n++] = i;
    i = closed[i] || (kept && !kept[i]) ? (spans.next[i] ?? i + 1) : i + 1;
  }
  return rows.subarray(0, n);
}

function withAncestors(spans: Spans, wanted: Uint8Array): Uint8Array {
  const kept = wanted.slice();
  for (let i = spans.count - 1; i >= 0; i--) {
    const up = spans.parent[i] ?? -1;
    if (kept[i] && up >= 0) kept[up] = 1;
  }
  return kept;
}

/** Which spans are closed where the tree is open down to a depth: 0 shows the roots alone. */
export function closedBelow(spans: Spans, depth: number): Uint8Array {
  return Uint8Array.from({ length: spans.count }, (_, i) => ((spans.depth[i] ?? 0) >= depth && (spans.kids[i] ?? 0) > 0 ? 1 : 0));
}

/** The deepest level that is there. */
export function deepest(spans: Spans): number {
  return spans.depth.reduce((most, d) => Math.max(most, d), 0);
}

/** How deep a trace is opened first: as deep as leaves no more rows than a person reads through, but all objects where that can be. */
export function firstDepth(spans: Spans, mostRows: number): number {
  const perDepth: number[] = [];
  for (let i = 0; i < spans.count; i++) perDepth[spans.depth[i] ?? 0] = (perDepth[spans.depth[i] ?? 0] ?? 0) + 1;
  let rows = 0;
  for (let d = 0; d < perDepth.length; d++) {
    rows += perDepth[d] ?? 0;
    if (rows > mostRows) return Math.max(1, d - 1);
  }
  return perDepth.length;
}
