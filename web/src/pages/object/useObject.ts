import { useCallback, useMemo, useState } from 'react';
import { ask, urlOf, type ApiError, type Params } from '../../api/client';
import { newestOf, useLive } from '../../api/live';
import type { Blame, Entry, History, Lanes, Life, Links, Ref, State, Tree, TreeNode } from '../../api/types';
import { useAnswer, type Answer } from '../../api/useAnswer';
import { parseMoment, printMoment, second, type Moment, type Window } from '../../time/moment';
import type { View } from '../../url/state';
import { go } from '../../url/useView';
import { lastAt, lifeAt, momentOf, revisionsOf } from './history';
import { rangeAround, rangesOf } from './ranges';
import { showOf } from './words';

/** What is known of the page's object, at its cursor. */
export interface ObjectData {
  history: Answer<History>;
  entries: readonly Entry[];
  /** The entries are those around the cursor only. */
  ranged: boolean;
  /** Reads what comes behind what is there; absent: all is there. */
  more?: () => void;
  moreError?: ApiError;
  revisions: readonly Entry[];
  lives: readonly Life[];
  life?: Life;
  ref?: Ref;
  /** The cursor; without one, the newest that is known. */
  at?: Moment;
  /** The cursor was not set: what is shown follows what is recorded. */
  newest: boolean;
  selected?: Entry;
  /** Names the object and the state at the cursor in questions; undefined until the object is known. */
  object?: Params;
  point?: Params;
  state: Answer<State>;
  /** The place of the shown state among the revisions; -1: none. */
  index: number;
  blame: Answer<Blame>;
  lanes: Answer<Lanes>;
  links: Answer<Links>;
  tree: Answer<Tree>;
  /** From the first to the last record, with room. */
  window?: Window;
  version: number;
}

const pageOfEntries = 2000;
const noLives: readonly Life[] = [];

/** Asks all that the page's head and its lists need; what single tabs need they ask themselves. */
export function useObject(view: View, wantsBlame: boolean): ObjectData {
  const live = useLive();
  const { version } = live;
  const reads = showOf(view).sorts.has('reads');
  const path = view.object;
  const base: Params = { cluster: path?.cluster, kind: path?.kind, namespace: path?.namespace, name: path?.name };
  const asked: Params = { ...base, reads, fold: true, limit: pageOfEntries };
  const first = useAnswer<History>('history', { ...asked, uid: path?.uid }, version);
  const fallback = first.data && !path?.uid ? lifeAt(first.data.lives, view.at) : undefined;
  const otherUID = fallback && fallback.uid !== first.data?.object.uid ? fallback.uid : undefined;
  const other = useAnswer<History>('history', otherUID ? { ...asked, uid: otherUID } : undefined, version);
  const whole = otherUID ? other : first;
  const ref = whole.data?.object;
  const object: Params | undefined = ref?.uid ? { cluster: ref.cluster, uid: ref.uid } : ref ? base : undefined;
  const tree = useAnswer<Tree>('tree', object && { ...object, down: 0, ...atOf(view) }, version);
  const cut = whole.data?.cursor !== undefined;
  const node = cut ? tree.data?.nodes.find((one) => one.asked) : undefined; // how far it goes where the entries do not tell
  const waits = cut && !tree.data && !tree.error;
  const life = whole.data?.lives.find((one) => one.uid === ref?.uid);
  const window = useMemo(() => windowOf(whole.data?.entries ?? [], life, node), [whole.data, life, node]);
  const lanes = useAnswer<Lanes>(
    'lanes',
    ref?.uid && window && !waits ? { cluster: ref.cluster, uid: [ref.uid], from: printMoment(window.from), to: printMoment(window.to), bins: 2000, reads } : undefined,
    version,
  );
  // A history that does not come whole is read around the cursor.
  const range = useMemo(() => {
    const lane = lanes.data?.lanes[0];
    return cut && lanes.data && lane && lane.uid === ref?.uid ? rangeAround(rangesOf(lanes.data, lane, pageOfEntries / 3), view.at) : undefined;
  }, [cut, lanes.data, ref?.uid, view.at]);
  const asking = range ? { ...asked, uid: ref?.uid, from: printMoment(range.from), to: printMoment(range.to) } : { ...asked, uid: otherUID ?? path?.uid };
  const ranged = useAnswer<History>('history', range && asking, version);
  const history = range && (ranged.data ?? ranged.error) ? ranged : whole;
  const { entries, more, moreError } = useMore(history, asking);
  const revisions = useMemo(() => revisionsOf(entries), [entries]);
  const lives = whole.data?.lives ?? noLives;

  const selected = view.sel && view.sel.uid === ref?.uid ? entries.find((entry) => entry.id === view.sel?.id) : undefined;
  const point = object && { ...object, ...pointOf(view, selected) };
  const state = useAnswer<State>('state', point, version);
  const blame = useAnswer<Blame>('blame', wantsBlame && point ? { ...point, noise: true } : undefined, version);
  const links = useAnswer<Links>('links', object && { ...object, ...atOf(view) }, version);

  const index = indexOf(revisions, state.data, selected, view.at);
  const latest = newestOf(live, ref?.cluster) ?? window?.to;
  const at = view.at ?? (entries.length > 0 ? (momentOf(entries.at(-1)?.when) ?? latest) : latest);
  return {
    history, entries, revisions, lives, state, ranged: range !== undefined, index, blame, lanes, links, tree, version, newest: view.at === undefined,
    ...(more ? { more } : {}), ...(moreError ? { moreError } : {}), ...(life ? { life } : {}), ...(ref ? { ref } : {}), ...(at === undefined ? {} : { at }),
    ...(selected ? { selected } : {}), ...(object ? { object } : {}), ...(point ? { point } : {}), ...(window ? { window } : {}),
  };
}

/** A revision that is selected is named by its number: its time alone may not tell it from its neighbour. */
function pointOf(view: View, selected: Entry | undefined): Params {
  const version = selected?.revision?.resourceVersion;
  return version && !selected?.revision?.epoch ? { resourceVersion: version } : atOf(view);
}

function atOf(view: View): Params {
  return view.at === undefined ? {} : { at: printMoment(view.at) };
}

function indexOf(revisions: readonly Entry[], state: State | undefined, selected: Entry | undefined, at: Moment | undefined): number {
  if (selected?.revision) return revisions.indexOf(selected);
  const before = at === undefined ? revisions.length - 1 : lastAt(revisions, at);
  if (!state || revisions[before]?.revision?.resourceVersion === state.resourceVersion) return before;
  const found = revisions.findLastIndex((entry) => entry.revision?.resourceVersion === state.resourceVersion);
  return found < 0 ? before : found;
}

/** From the first to the last thing that is told of a life, with a little room. */
function windowOf(entries: readonly Entry[], life: Life | undefined, node: TreeNode | undefined): Window | undefined {
  const moments = [...entries.map((entry) => momentOf(entry.when)), parseMoment(node?.firstSeen), parseMoment(node?.lastSeen)].filter((at) => at !== undefined);
  const created = parseMoment(life?.createdAt);
  const told = moments.length > 0 ? [moments.reduce((a, b) => Math.min(a, b)), moments.reduce((a, b) => Math.max(a, b))] : created === undefined ? [] : [created];
  const [from, to = from] = told;
  if (from === undefined || to === undefined) return undefined;
  const room = Math.max(Math.round((to - from) * 0.015), second / 2);
  return { from: from - room, to: to + room };
}

interface Later {
  url: string;
  base: History;
  entries: Entry[];
  cursor: string | undefined;
  error?: ApiError;
}

/** The entries of a history with those that were read behind its first page. */
function useMore(history: Answer<History>, params: Params) {
  const [later, setLater] = useState<Later>();
  const url = urlOf('history', params);
  const { data } = history;
  const added = later && later.url === url && later.base === data ? later : undefined;
  const entries = useMemo(() => (data ? (added ? [...data.entries, ...added.entries] : data.entries) : []), [data, added]);
  const cursor = added ? added.cursor : data?.cursor;
  const read = useCallback(() => {
    if (!data || !cursor) return;
    ask<History>('history', { ...params, cursor }).then(
      (next) => setLater({ url, base: data, entries: [...(added?.entries ?? []), ...next.entries], cursor: next.cursor }),
      (error: unknown) => setLater({ url, base: data, entries: added?.entries ?? [], cursor, error: error as ApiError }),
    );
    // The URL says all of params.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [data, cursor, url, added]);
  return { entries, ...(cursor ? { more: read } : {}), ...(added?.error ? { moreError: added.error } : {}) };
}

/** Sets the cursor on an entry and selects it. */
export function select(ref: Ref, entry: Entry, how: { replace?: boolean } = {}): void {
  const at = momentOf(entry.when);
  go({ ...(at === undefined ? {} : { at }), sel: { cluster: ref.cluster, uid: ref.uid ?? '', id: entry.id } }, how);
}

/** Goes to another revision, counted from the one shown. */
export function stepRevision({ ref, revisions, index }: ObjectData, by: number | 'first' | 'last'): void {
  const to = by === 'first' ? 0 : by === 'last' ? revisions.length - 1 : Math.max(0, Math.min(revisions.length - 1, index + by));
  const entry = revisions[to];
  if (ref && entry) select(ref, entry, { replace: true });
}
