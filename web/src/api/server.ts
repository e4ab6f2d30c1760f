/** What the server is and holds: asked once, and again when something new was recorded. */
import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { parseMoment, type Window } from '../time/moment';
import { ApiError, ask, remembered, urlOf } from './client';
import { configOf } from './config';
import { newestOf, useLive } from './live';
import type { ClusterInfo, Info, ServerConfig } from './types';
import type { Answer } from './useAnswer';

interface Asked {
  data?: Info;
  error?: ApiError;
  loading: boolean;
}

/** The one answer that all who ask share: the frame asks in several places at once. */
let asked: Asked = { loading: false };
const subscribers = new Set<() => void>();

function set(next: Asked): void {
  asked = next;
  for (const changed of subscribers) changed();
}

/** Asks, unless that is under way, or what is there was neither forgotten (something was recorded, another token) nor an error. */
function load(): void {
  if (asked.loading || (asked.data && !asked.error && remembered(urlOf('info', {})) === asked.data)) return;
  const before = asked.data ? { data: asked.data } : {};
  set({ ...asked, loading: true });
  ask<Info>('info', {}).then(
    (data) => {
      set({ data, loading: false });
      // Forgotten while it was on its way: it may be old already.
      if (remembered(urlOf('info', {})) === undefined) load();
    },
    (error: unknown) => set({ ...before, loading: false, error: error instanceof ApiError ? error : new ApiError(0, { detail: String(error) }) }),
  );
}

function subscribe(changed: () => void): () => void {
  subscribers.add(changed);
  return () => subscribers.delete(changed);
}

/** /api/v1/info, asked again when something was recorded. */
export function useInfo(): Answer<Info> {
  const { version } = useLive();
  useEffect(load, [version]);
  const { data, error, loading } = useSyncExternalStore(subscribe, () => asked);
  return { ...(data ? { data } : {}), ...(error ? { error } : {}), loading: loading || (!data && !error), stale: false, retry: load };
}

/** /ui/config.json; undefined until it is there. */
export function useConfig(): ServerConfig | undefined {
  const [known, setKnown] = useState<ServerConfig>();
  useEffect(() => {
    let here = true;
    void configOf().then((got) => here && setKnown(got));
    return () => {
      here = false;
    };
  }, []);
  return known;
}

/** What is recorded of a cluster, or of all: from the first to the newest fact. Empty until it is known. */
export function boundsOf(clusters: readonly ClusterInfo[], cluster = ''): Partial<Window> {
  const meant = clusters.filter((c) => cluster === '' || c.name === cluster);
  const ends = (name: 'first' | 'last') => meant.map((c) => parseMoment(c[name])).filter((at) => at !== undefined);
  const [firsts, lasts] = [ends('first'), ends('last')];
  return { ...(firsts.length ? { from: Math.min(...firsts) } : {}), ...(lasts.length ? { to: Math.max(...lasts) } : {}) };
}

/** The bounds of what is recorded, going on as facts come in. */
export function useBounds(cluster = ''): Partial<Window> {
  const clusters = useInfo().data?.clusters;
  const newest = newestOf(useLive(), cluster);
  return useMemo(() => {
    const known = boundsOf(clusters ?? [], cluster);
    const to = Math.max(known.to ?? 0, newest ?? 0);
    return to > 0 ? { ...known, to } : known;
  }, [clusters, cluster, newest]);
}
