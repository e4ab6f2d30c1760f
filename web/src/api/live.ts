/** What is recorded just now: one connection of this tab to `follow`, shared by everything that is drawn. */
import { useSyncExternalStore } from 'react';
import type { Moment } from '../time/moment';
import { ApiError, forgetAnswers } from './client';
import { configOf } from './config';
import { askEvents } from './stream';
import type { Tick } from './types';

export interface Live {
  /** The server records, and the connection stands: what is recorded is told at once. */
  live: boolean;
  /** Rises with every tick; give it to useAnswer to ask again. */
  version: number;
  /** The newest fact, by cluster. */
  newest: Record<string, Moment>;
}

/** The newest fact of one cluster, or of all. */
export function newestOf(live: Live, cluster = ''): Moment | undefined {
  const all = cluster ? [live.newest[cluster]] : Object.values(live.newest);
  const known = all.filter((at): at is Moment => at !== undefined && at > 0);
  return known.length > 0 ? Math.max(...known) : undefined;
}

const quiet: Live = { live: false, version: 0, newest: {} };
let now: Live = quiet;
const subscribers = new Set<() => void>();
let abort: AbortController | undefined;

/** The least time between two ticks: each makes everything that is shown ask again. */
const pause = '2s';

/** Pauses between attempts to connect, in milliseconds; the last one repeats. */
const pauses = [1_000, 2_000, 5_000, 15_000, 60_000];

function subscribe(changed: () => void): () => void {
  subscribers.add(changed);
  if (subscribers.size === 1) document.addEventListener('visibilitychange', looked);
  looked();
  return () => {
    subscribers.delete(changed);
    if (subscribers.size > 0) return;
    document.removeEventListener('visibilitychange', looked);
    disconnect();
  };
}

/** A tab that nobody sees holds no connection: browsers have few for one server, and the server few for all. */
function looked(): void {
  if (document.visibilityState === 'hidden') disconnect();
  else if (!abort && subscribers.size > 0) {
    abort = new AbortController();
    void keepFollowing(abort.signal);
  }
}

function disconnect(): void {
  abort?.abort();
  abort = undefined;
  if (now.live) set({ live: false });
}

function set(next: Partial<Live>): void {
  now = { ...now, ...next };
  for (const changed of subscribers) changed();
}

/** Number of the last tick; -1 before the first. */
let number = -1;

async function keepFollowing(signal: AbortSignal): Promise<void> {
  const records = (await configOf())?.live !== false;
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      for await (const tick of askEvents<Tick>('follow', { pause }, signal)) {
        tries = 0;
        // The first tick says where we are: nothing is new by it, unless ticks were missed while the connection was broken.
        const fresh = number >= 0 && tick.number !== number;
        number = tick.number;
        if (fresh) forgetAnswers();
        set({ live: records, newest: tick.newest ?? {}, version: now.version + (fresh ? 1 : 0) });
      }
    } catch (error) {
      if (signal.aborted) return;
      // A server without this question, or that does not know us, will not change its mind soon.
      if (error instanceof ApiError && [400, 401, 403, 404, 405, 501].includes(error.status)) tries = pauses.length;
    }
    if (now.live) set({ live: false });
    await wait(pauses[Math.min(tries, pauses.length - 1)] ?? 60_000, signal);
  }
}

function wait(millis: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Connects again at once: a token was given, or the person asked. */
export function reconnect(): void {
  disconnect();
  looked();
}

/** Whether facts come in, and a version that rises when they do. */
export function useLive(): Live {
  return useSyncExternalStore(subscribe, () => now);
}
