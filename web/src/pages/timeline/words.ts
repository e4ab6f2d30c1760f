/**
 * The words of the timeline's URL, beside those of every page (set, from, to, follow, at, sel):
 *
 *   group   tree (default), kind, namespace, none: what rows stand below
 *   sort    name (default), first, activity, failing
 *   q       only rows that contain these words
 *   pin     UIDs of rows at the top, with commas
 *   open    UIDs of objects whose states are shown as rows
 *   fold    UIDs of objects, and groups ("n:cluster/namespace"), whose children are not shown
 *   hide    UIDs of objects that are left out, with what stands below them
 *   off     what is not drawn, with commas: requests, events, spans
 *   reads   1: get, list and watch are drawn too
 */
import { groupings, sortings, type Grouping, type Sorting } from '../../timeline/rows';
import type { Shown } from '../../timeline/assemble';
import type { View } from '../../url/state';

export interface TimelineWords {
  group: Grouping;
  sort: Sorting;
  q: string;
  pin: readonly string[];
  open: readonly string[];
  fold: readonly string[];
  hide: readonly string[];
  shown: Shown;
}

export function parseWords(words: View['words']): TimelineWords {
  const list = (name: string) => (words[name] ?? '').split(',').filter(Boolean);
  const off = new Set(list('off'));
  return {
    group: groupings.find((g) => g === words['group']) ?? 'tree',
    sort: sortings.find((s) => s === words['sort']) ?? 'name',
    q: words['q'] ?? '',
    pin: list('pin'), open: list('open'), fold: list('fold'), hide: list('hide'),
    shown: { requests: !off.has('requests'), reads: words['reads'] === '1', events: !off.has('events'), spans: !off.has('spans') },
  };
}

/** A list with one more, or without it. */
export function toggled(list: readonly string[], one: string): string {
  return (list.includes(one) ? list.filter((other) => other !== one) : [...list, one]).join(',');
}

/** The words that say what is drawn. */
export function shownWords(shown: Shown): Record<string, string> {
  const off = (['requests', 'events', 'spans'] as const).filter((name) => !shown[name]);
  return { off: off.join(','), reads: shown.reads ? '1' : '' };
}

/** The word for a line's key: the UID of an object, else the group's key itself. */
export function wordOf(key: string): string {
  const cut = key.indexOf('\n');
  return cut < 0 ? key : key.slice(cut + 1);
}
