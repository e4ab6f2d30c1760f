/**
 * The words of the object page in the URL, besides those every page has (`at` is the cursor, `sel` the record looked at, `uid` the life of the name):
 *
 * - `tab`: manifest (default), diff, requests, events, links, coverage
 * - `a`, `b`: resourceVersions that are compared; without them the state before the cursor's and the cursor's
 * - `side`: split (default) or inline
 * - `noise`: true shows managedFields, resourceVersion and generation in a diff
 * - `whole`: true shows what did not change in a diff
 * - `show`: kinds of entries in the history, with commas: changes, requests, events, reads, spans, and failed for nothing but what failed
 * - `text`: only entries that have it in their words
 * - `times`: relative tells the times of the history relative to the cursor
 * - `heat`: true colours the blame by age
 * - `managed`: true shows metadata.managedFields in the manifest
 * - `blame`: off hides the gutter, table shows it as a table
 */
import type { View } from '../../url/state';

export const tabs = ['manifest', 'diff', 'requests', 'events', 'links', 'coverage'] as const;
export type TabName = (typeof tabs)[number];

export function tabOf(view: View): TabName {
  return tabs.find((tab) => tab === view.words['tab']) ?? 'manifest';
}

/** What of a history is shown. */
export const sorts = ['changes', 'requests', 'events', 'reads', 'spans'] as const;
export type Sort = (typeof sorts)[number];

export interface Show {
  sorts: ReadonlySet<Sort>;
  failed: boolean;
  text: string;
}

const usual: readonly Sort[] = ['changes', 'requests', 'events', 'spans'];

export function showOf(view: View): Show {
  const word = view.words['show'];
  const names = word?.split(',');
  return {
    sorts: new Set(names ? sorts.filter((sort) => names.includes(sort)) : usual),
    failed: names?.includes('failed') ?? false,
    text: view.words['text'] ?? '',
  };
}

/** The word that showOf reads back; empty for what is usual. */
export function printShow({ sorts: chosen, failed }: Pick<Show, 'sorts' | 'failed'>): string {
  const names = [...sorts.filter((sort) => chosen.has(sort)), ...(failed ? ['failed'] : [])];
  return names.join(',') === usual.join(',') ? '' : names.join(',') || 'none';
}
