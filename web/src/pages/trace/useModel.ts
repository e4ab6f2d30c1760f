import { useMemo } from 'react';
import type { Trace } from '../../api/types';
import { criticalPath, type Stretch } from '../../gantt/critical';
import { failedOnly, matching } from '../../gantt/find';
import type { Pick } from '../../gantt/hit';
import { closedBelow, deepest, firstDepth, visibleRows } from '../../gantt/rows';
import type { Arrow, Unknown } from '../../gantt/scene';
import { layOut, type Spans } from '../../gantt/spans';
import { parseMoment } from '../../time/moment';
import type { View } from '../../url/state';
import { foldedBy, pickOf } from './words';

/** What of a trace is shown, as its view says. */
export interface Model {
  spans: Spans;
  closed: Uint8Array;
  rows: Int32Array;
  matches: readonly number[];
  matchSet: ReadonlySet<number>;
  path: readonly Stretch[];
  pick: Pick | undefined;
  unknown: readonly Unknown[];
  arrows: readonly Arrow[];
  /** How deep it is open, and how deep it could be. */
  depth: number;
  deepest: number;
}

/** A trace with more rows than this is not opened to its depth at first. */
const firstRows = 250;
const none: readonly never[] = [];

export function useModel(trace: Trace | undefined, view: View): Model | undefined {
  const { words } = view;
  const spans = useMemo(() => trace && layOut(trace), [trace]);
  const most = useMemo(() => (spans ? deepest(spans) : 0), [spans]);
  const depth = /^\d+$/.test(words['depth'] ?? '') ? Number(words['depth']) : spans ? firstDepth(spans, firstRows) : 0;
  const fold = words['fold'];
  const closed = useMemo(() => spans && foldedBy(spans, closedBelow(spans, depth), fold), [spans, depth, fold]);
  const failed = words['failed'] === 'true';
  const rows = useMemo(() => spans && closed && visibleRows(spans, closed, failed ? failedOnly(spans) : undefined), [spans, closed, failed]);
  const find = words['find'] ?? '';
  const matches = useMemo(() => (spans ? matching(spans, find) : none), [spans, find]);
  const matchSet = useMemo(() => new Set(matches), [matches]);
  const critical = words['path'] === 'true';
  const path = useMemo(() => (spans && critical ? criticalPath(spans) : none), [spans, critical]);
  const [uid, id, row] = [view.sel?.uid ?? '', view.sel?.id ?? '', words['span'] ?? ''];
  const pick = useMemo(() => spans && pickOf(spans, { uid, id }, row), [spans, uid, id, row]);
  const unknown = useMemo(() => (trace ? unknownOf(trace) : none), [trace]);
  const arrows = useMemo(() => (trace && spans && pick ? arrowsOf(trace, spans, pick.span) : none), [trace, spans, pick]);
  if (!spans || !closed || !rows) return undefined;
  return { spans, closed, rows, matches, matchSet, path, pick, unknown, arrows, depth: Math.min(depth, most + 1), deepest: most };
}

/** When what could not be observed: of a whole cluster, or of one kind. What is said of single objects stands in the notes. */
function unknownOf(trace: Trace): Unknown[] {
  const found: Unknown[] = [];
  for (const gap of trace.coverage.gaps ?? []) {
    if (gap.scope.name || gap.scope.uid || gap.scope.namespace) continue;
    const from = parseMoment(gap.from) ?? parseMoment(trace.from) ?? 0;
    const to = parseMoment(gap.to) ?? parseMoment(trace.to) ?? 0;
    if (to > from && found.length < 50) found.push({ from, to, resource: gap.scope.resource ?? '' });
  }
  return found;
}

/** The relations of a span to others of the same trace. */
function arrowsOf(trace: Trace, spans: Spans, span: number): Arrow[] {
  const links = (spans.of[span]?.links ?? []).filter((link) => link.traceID === trace.traceID).map((link) => link.spanID);
  if (links.length === 0) return [];
  const byID = new Map(spans.of.map((s, i) => [s.spanID, i]));
  return links.flatMap((id) => {
    const to = byID.get(id);
    return to === undefined ? [] : [{ from: span, to }];
  });
}
