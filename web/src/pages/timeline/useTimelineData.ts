import { useEffect, useMemo, useState } from 'react';
import { newestOf, useLive } from '../../api/live';
import { boundsOf, useInfo } from '../../api/server';
import type { Activity, Row, Rows } from '../../api/drawn';
import { useAnswer, type Answer } from '../../api/useAnswer';
import { urlOf, type Params } from '../../api/client';
import { printMoment, second, type Window } from '../../time/moment';
import { withMargin } from '../../time/scale';
import type { Density } from '../../timeline/draw_head';
import type { Score } from '../../timeline/rows';
import type { SetOfObjects, View } from '../../url/state';

/** Rows that a picture holds; more are told as cut. */
export const maxRows = 12_000;
/** Rows that are asked for at once, and from how many on the window narrows them. */
const firstRows = 300;
const manyRows = 2000;
const minimapBins = 600;

export interface TimelineData {
  rows: Answer<Rows>;
  activity: Answer<Activity>;
  /** What is recorded of the clusters meant, and the part of it in which something happened to these objects; undefined until it is known. */
  recorded: Window | undefined;
  extent: Window | undefined;
  density: Density | undefined;
  score: (row: Row) => Score | undefined;
  /** The rows are those of the window and some time around it, rather than of all that is recorded. */
  narrowed: boolean;
  /** The window that the URL means. */
  window: Window | undefined;
  /** Something was recorded that is not shown yet. */
  fresh: boolean;
  /** Shows it. */
  showFresh: () => void;
  /** Rises when what is drawn is to be asked again, and from which moment on what held may have ended since. */
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
  // The first rows come at once; they also tell how many there are, and when.
  const first = useAnswer<Rows>('rows', { ...params, limit: firstRows }, turn.version);
  const extent = useMemo(() => extentOf(first.data, recorded), [first.data, recorded]);
  const window = useMemo(() => windowOf(view, extent, end), [view, extent, end]);
  const total = first.stale ? 0 : (first.data?.total ?? 0);
  // A large set is asked for by the window: what was not there in it would only hide what was.
  const narrowed = total > manyRows && window && extent ? quantised(window, extent) : undefined;
  const span = narrowed ? { from: printMoment(narrowed.from), to: printMoment(narrowed.to) } : {};
  const whole = useAnswer<Rows>('rows', total > firstRows ? { ...params, ...span, limit: maxRows } : undefined, turn.version);
  const own = useOfSet(whole, urlOf('rows', params));
  const rows = total > firstRows ? { ...whole, stale: first.stale, data: own ?? first.data } as Answer<Rows> : first;
  const asked = extent && { ...params, from: printMoment(extent.from), to: printMoment(extent.to), bins: minimapBins, top: 1000 };
  const { params: counted, version } = useSettled(asked, turn.version, first.loading);
  const activity = useAnswer<Activity>('activity', counted, version);
  const density = activity.data;
  const score = useMemo(() => scores(activity.data), [activity.data]);
  return { rows, activity, recorded, extent, density, score, window, narrowed: narrowed !== undefined, fresh, showFresh, turn };
}

/** All rows, as long as they are of this set: those of the set before are not, however long the others take. Those of another window are. */
function useOfSet(whole: Answer<Rows>, set: string): Rows | undefined {
  const [of, setOf] = useState('');
  if (whole.data && !whole.stale && of !== set) setOf(set);
  return of === set ? whole.data : undefined;
}

interface Question {
  params: Params | undefined;
  version: number;
}

/** A question made from an answer that is loading: the one before, until that answer is there. Otherwise it would be asked twice. */
function useSettled(params: Params | undefined, version: number, loading: boolean): Question {
  const [kept, setKept] = useState<Question>({ params, version });
  if (loading) return kept;
  if (kept.version === version && sameQuestion(kept.params, params)) return kept;
  const next = { params, version };
  setKept(next);
  return next;
}

function sameQuestion(a: Params | undefined, b: Params | undefined): boolean {
  return a === undefined || b === undefined ? a === b : urlOf('', a) === urlOf('', b);
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

/** A window and some time around it, in steps, so that panning a little asks nothing new; undefined where that is all there is. */
export function quantised(window: Window, extent: Window): Window | undefined {
  const span = window.to - window.from;
  const step = 2 ** Math.ceil(Math.log2(Math.max(span, second))) / 2;
  const from = Math.floor((window.from - span / 4) / step) * step;
  const to = Math.ceil((window.to + span / 4) / step) * step;
  return from <= extent.from && to >= extent.to ? undefined : { from, to };
}

function scores(activity: Activity | undefined): (row: Row) => Score | undefined {
  const byUID = new Map<string, Score>();
  for (const object of activity?.objects ?? [])
    if (object.uid) byUID.set(`${object.cluster}\n${object.uid}`, { changes: object.changes, failed: object.failed ?? 0, warning: object.warning ?? 0 });
  return (row) => byUID.get(`${row.cluster}\n${row.uid ?? ''}`);
}
