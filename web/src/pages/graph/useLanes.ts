import { useEffect, useState } from 'react';
import { ask } from '../../api/client';
import type { Lane, Lanes } from '../../api/types';
import type { GraphNode } from '../../layout/graph';
import { printMoment, type Window } from '../../time/moment';

/** At most so many objects are asked for their states. */
const mostLanes = 800;
const perQuestion = 200;
const columns = 400;

/** The lanes of the objects of a graph over its window: from them their states at any moment are told. They come in piece by piece. */
export function useLanes(nodes: readonly GraphNode[], window: Window | undefined): ReadonlyMap<string, Lane> {
  const [lanes, setLanes] = useState<{ of: string; map: ReadonlyMap<string, Lane> }>({ of: '', map: new Map() });
  const known = nodes.filter((n) => n.ref.uid && !n.stub).slice(0, mostLanes);
  const asked = window && window.to > window.from ? `${window.from}/${window.to}/${known.map((n) => n.key).join()}` : '';
  useEffect(() => {
    if (!asked || !window) return;
    const abort = new AbortController();
    void fill(known, window, abort.signal, (map) => setLanes({ of: asked, map }));
    return () => abort.abort();
    // asked says all of nodes and window that is asked with.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked]);
  return lanes.map;
}

async function fill(nodes: readonly GraphNode[], window: Window, signal: AbortSignal, tell: (map: ReadonlyMap<string, Lane>) => void): Promise<void> {
  const byCluster = new Map<string, string[]>();
  for (const n of nodes) byCluster.set(n.ref.cluster, [...(byCluster.get(n.ref.cluster) ?? []), n.key]);
  const map = new Map<string, Lane>();
  for (const [cluster, uids] of byCluster) {
    for (let i = 0; i < uids.length; i += perQuestion) {
      try {
        const words = { cluster, uid: uids.slice(i, i + perQuestion), from: printMoment(window.from), to: printMoment(window.to + 1), bins: columns };
        const answer = await ask<Lanes>('lanes', words, signal);
        for (const lane of answer.lanes) map.set(lane.uid, lane);
        tell(new Map(map));
      } catch {
        // The graph stands without states; whoever asks for an object is told why.
        if (signal.aborted) return;
      }
    }
  }
}
