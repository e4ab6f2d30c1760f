/** What the server is and holds: asked once, and again when something new was recorded. */
import { useEffect, useMemo, useState } from 'react';
import { parseMoment, type Window } from '../time/moment';
import { configOf } from './config';
import { newestOf, useLive } from './live';
import type { ClusterInfo, Info, ServerConfig } from './types';
import { useAnswer, type Answer } from './useAnswer';

/** /api/v1/info. */
export function useInfo(): Answer<Info> {
  return useAnswer<Info>('info', {}, useLive().version);
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
