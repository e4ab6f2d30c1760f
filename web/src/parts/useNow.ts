import { useSyncExternalStore } from 'react';
import { milli, type Moment } from '../time/moment';

let now = Date.now() * milli;
let timer: ReturnType<typeof setInterval> | undefined;
const subscribers = new Set<() => void>();
const everyMillis = 10_000;

function subscribe(changed: () => void): () => void {
  subscribers.add(changed);
  timer ??= setInterval(() => {
    now = Date.now() * milli;
    for (const tell of subscribers) tell();
  }, everyMillis);
  return () => {
    subscribers.delete(changed);
    if (subscribers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** This machine's clock, drawn again every ten seconds: for "3 min ago". */
export function useNow(): Moment {
  return useSyncExternalStore(subscribe, () => now);
}
