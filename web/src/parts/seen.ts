/** What is seen just now, so that it can be sent: a link, a command and a report say the same tomorrow as today. */
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useLive } from '../api/live';
import { useBounds } from '../api/server';
import type { Moment, Window } from '../time/moment';
import type { View } from '../url/state';
import { changed } from '../url/useView';
import { windowOf } from './window';

/** The windows of the pages' own bars that are drawn; there is one at most but for a moment between two pages. */
let shown: readonly Partial<Window>[] = [];
const subscribers = new Set<() => void>();

function set(next: readonly Partial<Window>[]): void {
  shown = next;
  for (const tell of subscribers) tell();
}

function subscribe(tell: () => void): () => void {
  subscribers.add(tell);
  return () => subscribers.delete(tell);
}

/** Tells which window a page shows, as long as its bar is drawn. */
export function useTellWindow({ from, to }: Partial<Window>): void {
  useEffect(() => {
    const own: Partial<Window> = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    set([...shown, own]);
    return () => set(shown.filter((one) => one !== own));
  }, [from, to]);
}

/** Whether the page itself shows the window. */
export function usePageHasWindowBar(): boolean {
  return useSyncExternalStore(subscribe, () => shown.length > 0);
}

/**
 * The view as it is seen: a window that follows is named by its ends, and the state that an object's page shows while facts come in by its time. Nothing
 * else changes. window: the one in force; newest: the newest fact, absent where none comes in.
 */
export function pinned(view: View, window: Partial<Window>, newest?: Moment): View {
  const at = view.page === 'object' ? (view.at ?? newest) : view.at;
  if (view.follow === undefined || window.to === undefined) return at === view.at ? view : changed(view, { at });
  return changed(view, { from: window.from, to: window.to, follow: undefined, at });
}

/** The view as it is seen now: for what is copied. */
export function useSeen<V extends View | undefined>(view: V): V {
  const { live } = useLive();
  const bounds = useBounds(view?.object?.cluster ?? view?.set.cluster);
  const bar = useSyncExternalStore(subscribe, () => shown.at(-1));
  return useMemo(() => (view && pinned(view, bar ?? windowOf(view, bounds), live ? bounds.to : undefined)) as V, [view, bar, bounds, live]);
}
