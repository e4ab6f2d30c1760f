import { useEffect, useMemo, useState } from 'react';
import { newestOf, useLive } from '../../api/live';
import { boundsOf, useInfo } from '../../api/server';
import type { Activity, Row, Rows } from '../../api/drawn';
import { useAnswer, type Answer } from '../../api/useAnswer';
import type { Params } from '../../api/client';
import { printMoment, second, type Window } from '../../time/moment';
import { withMargin } from '../../time/scale';
import type { Density } from '../../timeline/draw_head';
import type { Score } from '../../timeline/rows';
import type { SetOfObjects, View } from '../../url/state';

/** Rows that a picture holds; more are told as cut. */
export const maxRows = 20_000;
const minimapBins = 600;

export interface TimelineData {
  rows: Answer<Rows>;
  activity: Answer<Activity>;
  /** What is recorded of the clusters meant, and the part of it in which something happened to these objects; undefined until it is known. */
  recorded: Window | undefined;
  extent: Window | undefined;
  density: Density | undefined;
  score: (row: Row) => Score | undefined;
  /** The window that the URL means. */
  window: Window | undefined;
  /** Something was recorded that is not shown yet. */
  fresh: boolean;
  /** Shows it. */
  showFresh: () => void;
  /** Rises when what is drawn is to be asked again, and from which moment on. */
  turn: { version: number; from: number };
}

/** The parameters of a set. */
export function paramsOf(set: SetOfObjects): Params {
  const { siblings, up, down, ...words } = set;
  return { ...words, siblings, ...(up === undefined ? {} : { up }), ...(down === undefined ? {} : { down }) };
}

/** Everything but the lanes. What a person reads does not move when something new is recorded: unless the view follows, that waits until it is asked for. */
export function useTimelineData(view: View): TimelineData {
  const live = useLive();
  const { turn, fresh, showFresh } = useTurn(view, live.version);
  const cluster = view.set.cluster;
  const info = useInfo().data;
  const newest = newestOf(live, cluster);
  const known = useMemo(() => boundsOf(info?.clusters ?? [], cluster), [info, cluster]);
  // The end of the picture only moves on together with what is in it.
  const latest = Math.max(known.to ?? 0, newest ?? 0);
  const [kept, setKept] = useState({ end: 0, version: -1, cluster });
  if (latest > 0 && (kept.end === 0 || kept.version !== turn.version || kept.cluster !== cluster)) setKept({ end: latest, version: turn.version, cluster });
  const end = kept.end || undefined;
  const recorded = useMemo(() => (known.from !== undefined && end ? { from: known.from, to: Math.max(end, known.from + 1) } : undefined), [known.from, end]);

  const params = paramsOf(view.set);
  const rows = useAnswer<Rows>('rows', { ...params, limit: maxRows }, turn.version);
  const extent = useMemo(() => extentOf(rows.data, recorded), [rows.data, recorded]);
  const asked = extent && { ...params, from: printMoment(extent.from), to: printMoment(extent.to), bins: minimapBins, top: 1000 };
  const activity = useAnswer<Activity>('activity', asked, turn.version);
  const density = activity.data;
  const score = useMemo(() => scores(activity.data), [activity.data]);
  const window = useMemo(() => windowOf(view, extent, end), [view, extent, end]);
  return { rows, activity, recorded, extent, density, score, window, fresh, showFresh, turn };
}

/** Counts what was recorded meanwhile, and when to show it: at once where the view follows. */
function useTurn(view: View, version: number): { turn: TimelineData['turn']; fresh: boolean; showFresh: () => void } {
  const newest = newestOf(useLive(), view.set.cluster) ?? 0;
  const [turn, setTurn] = useState({ version: 0, from: 0, seen: version, newest });
  const fresh = version > turn.seen;
  const show = () => setTurn((before) => ({ version: before.version + 1, from: before.newest, seen: version, newest: newest || before.newest }));
  useEffect(() => {
    if (view.follow === undefined || !fresh) return;
    const timer = setTimeout(show, 0);
    return () => clearTimeout(timer);
    // show is made anew each time; what it depends on is here.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [view.follow, fresh, version]);
  return { turn, fresh: fresh && view.follow === undefined, showFresh: show };
}

/** Where something happened to the objects, with a little room. */
function extentOf(rows: Rows | undefined, recorded: Window | undefined): Window | undefined {
  if (!rows || !recorded) return undefined;
  const there = rows.rows.length > 0 && rows.to > rows.from;
  return withMargin(there ? { from: Math.min(rows.from, recorded.to - second), to: Math.max(rows.to, rows.from + second) } : recorded, 0.03, second);
}

function windowOf(view: View, extent: Window | undefined, end: number | undefined): Window | undefined {
  if (view.follow !== undefined && end) return { from: end - Math.round(view.follow * 0.97), to: end + Math.round(view.follow * 0.03) };
  const from = view.from ?? extent?.from;
  const to = view.to ?? extent?.to;
  return from !== undefined && to !== undefined && from < to ? { from, to } : extent;
}

function scores(activity: Activity | undefined): (row: Row) => Score | undefined {
  const byUID = new Map<string, Score>();
  for (const object of activity?.objects ?? [])
    if (object.uid) byUID.set(`${object.cluster}\n${object.uid}`, { changes: object.changes, failed: object.failed ?? 0, warning: object.warning ?? 0 });
  return (row) => byUID.get(`${row.cluster}\n${row.uid ?? ''}`);
}
