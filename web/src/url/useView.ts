import { useMemo, useSyncExternalStore } from 'react';
import { everything, parseView, printView, type View } from './state';

const subscribers = new Set<() => void>();

function subscribe(changed: () => void): () => void {
  subscribers.add(changed);
  addEventListener('popstate', changed);
  return () => {
    subscribers.delete(changed);
    removeEventListener('popstate', changed);
  };
}

/** What is to change of a view; a member that is undefined is removed. Words are merged: an empty word is removed. */
export type ViewChange = { [K in keyof View]?: View[K] | undefined };

/** The view after a change. */
export function changed(view: View, change: ViewChange): View {
  const next = Object.entries({ ...view, ...change, words: { ...view.words, ...change.words } });
  return Object.fromEntries(next.filter(([, value]) => value !== undefined)) as unknown as View;
}

/** Where the browser is; undefined: no page of ours. */
export function currentView(): View | undefined {
  return parseView(new URL(location.href));
}

/**
 * Goes to a view, which begins a new entry of the browser's history, or replaces the present one: panning and typing replace, what one would
 * want to come back to pushes.
 */
export function goTo(view: View, how: { replace?: boolean } = {}): void {
  const url = printView(view);
  if (url === location.pathname + location.search) return;
  if (how.replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  for (const tell of subscribers) tell();
}

/** Changes the present view. */
export function go(change: ViewChange, how: { replace?: boolean } = {}): void {
  goTo(changed(currentView() ?? { page: 'overview', set: everything, words: {} }, change), how);
}

/** The present view, drawn again whenever it changes; undefined: no page of ours. */
export function useView(): View | undefined {
  const href = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  return useMemo(() => parseView(new URL(href, location.origin)), [href]);
}

/** The address of a view, for links that open in another tab as well. */
export const hrefOf = printView;
