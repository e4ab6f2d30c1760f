import { useEffect, useRef, useState } from 'react';
import { useLive, type Live } from '../../api/live';
import type { Params } from '../../api/client';
import { useAnswer, type Answer } from '../../api/useAnswer';
import { hour, printMoment, type Window } from '../../time/moment';
import { pauseAfter, recentOf } from './extent';

/**
 * What is recorded just now, as the page asks by it: it goes on as facts come in, but never so often that the server does little else. After answers that took
 * long it waits long. The second value is to be told whether any question is being answered.
 */
export function useCalmLive(): [Live, (busy: boolean) => void] {
  const live = useLive();
  const [calm, setCalm] = useState(live);
  const [busy, setBusy] = useState(false);
  const times = useRef({ began: 0, took: 0 });
  useEffect(() => {
    const now = performance.now();
    if (busy) times.current.began = now;
    else if (times.current.began > 0) times.current = { began: 0, took: now - times.current.began };
  }, [busy]);
  useEffect(() => {
    if (busy || live === calm) return;
    const timer = setTimeout(() => setCalm(live), calm.version === 0 && live.version === 0 ? 0 : pauseAfter(times.current.took));
    return () => clearTimeout(timer);
  }, [busy, live, calm]);
  return [calm, setBusy];
}

/** An answer over all that is recorded, or as long as that takes, over the recent past. */
export interface Staged<T> extends Answer<T> {
  /** The length of the recent past that the data is about; absent: it is about everything that was asked for. */
  recent?: number;
}

/** Asks for the recent past first where a recording is long: what happens now is shown at once, the whole when it is there. */
export function useStaged<T>(question: string, params: Params | undefined, recorded: Window | undefined, chosen: boolean, version: number): Staged<T> {
  const recent = recorded && !chosen ? recentOf(recorded) : undefined;
  const [whole, setWhole] = useState(false);
  const first = useAnswer<T>(question, params && recorded && recent && !whole ? { ...params, from: printMoment(coarse(recorded.to - recent)) } : undefined);
  const waits = recent !== undefined && !whole && first.data === undefined && !first.error;
  const all = useAnswer<T>(question, waits ? undefined : params, version);
  if (all.data !== undefined && !whole) setWhole(true);
  if (all.data !== undefined || all.error || recent === undefined) return all;
  return { ...all, ...(first.data === undefined ? {} : { data: first.data, recent }), loading: true, stale: false };
}

/** To the hour before, so that facts that come in ask nothing new. */
function coarse(at: number): number {
  return Math.floor(at / hour) * hour;
}
