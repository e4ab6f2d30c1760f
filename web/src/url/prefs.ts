/** What is the person's and not the page's: the time zone and the theme, kept in this browser. */
import { useSyncExternalStore } from 'react';
import type { Zone } from '../time/format';
import { keep, kept } from './kept';

export type Theme = 'system' | 'light' | 'dark';

const zoneKey = 'kubewake.zone';
const themeKey = 'kubewake.theme';
const subscribers = new Set<() => void>();

/** What was written while storage is closed to us; it then lasts as long as the page. */
const unsaved = new Map<string, string>();

function read(key: string): string {
  return unsaved.get(key) ?? kept(key);
}

function write(key: string, value: string): void {
  if (keep(key, value)) unsaved.delete(key);
  else unsaved.set(key, value);
  for (const tell of subscribers) tell();
}

function subscribe(changed: () => void): () => void {
  const elsewhere = (event: StorageEvent) => {
    if (event.key !== zoneKey && event.key !== themeKey && event.key !== null) return;
    if (event.key !== zoneKey) show(theme());
    changed();
  };
  subscribers.add(changed);
  addEventListener('storage', elsewhere);
  return () => {
    subscribers.delete(changed);
    removeEventListener('storage', elsewhere);
  };
}

/** The zone that times are shown in; local unless somebody chose UTC. */
export function zone(): Zone {
  return read(zoneKey) === 'utc' ? 'utc' : 'local';
}

/** The theme that was chosen. */
export function theme(): Theme {
  const chosen = read(themeKey);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** Shows times in a zone, on every page of this browser. */
export function setZone(next: Zone): void {
  write(zoneKey, next);
}

/** Shows a theme, on every page of this browser. */
export function setTheme(next: Theme): void {
  write(themeKey, next === 'system' ? '' : next);
  show(next);
}

function show(next: Theme): void {
  const dark = next === 'dark' || (next === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
}

/** The zone, drawn again when it changes. */
export function useZone(): Zone {
  return useSyncExternalStore(subscribe, zone);
}

/** The theme, drawn again when it changes. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, theme);
}
