/** What hits have in common, and what a click on it adds to the filter. Pure. */
import type { Hit } from '../../api/types';
import type { Counted } from '../../charts/columns';
import { sameDay, type Zone } from '../../time/format';
import { parseMoment, type Window } from '../../time/moment';
import type { Term } from './cel';

/** One value that hits have, with the condition that asks for it. */
export interface Facet {
  value: string;
  count: number;
  term: Term;
}

export interface FacetGroup {
  title: string;
  facets: Facet[];
  /** Values that are not listed. */
  left: number;
}

type Reader = (hit: Hit) => Term | undefined;

const text = (field: string, read: (hit: Hit) => string | undefined): Reader => (hit) => {
  const value = read(hit);
  return value ? { field, is: '==', value } : undefined;
};

const readers: readonly (readonly [string, Reader])[] = [
  ['Kind of record', text('kind', (hit) => hit.kind)],
  ['User', text('request.user', (hit) => hit.request?.actor.user ?? hit.actor?.user)],
  ['Verb', text('request.verb', (hit) => hit.request?.verb)],
  ['Code', (hit) => (hit.request?.code ? { field: 'request.code', is: '==', value: hit.request.code } : undefined)],
  ['Reason', text('event.reason', (hit) => hit.event?.reason)],
  ['Severity', text('event.type', (hit) => hit.event?.type)],
  ['About', text('event.regarding.kind', (hit) => (hit.event ? hit.event.regarding.kind : undefined))],
  ['Resource', text('resource', (hit) => (hit.event ? undefined : hit.object.resource))],
  ['Namespace', text('namespace', (hit) => hit.object.namespace)],
  ['Name', text('name', (hit) => (hit.event ? undefined : hit.object.name))],
  ['Service', text('span.service', (hit) => hit.span?.service)],
  ['Cluster', text('cluster', (hit) => hit.object.cluster)],
];

/** The values that hits have, most first; a group that says the same of all hits, and which one can not narrow by, is left out unless it is the only one. */
export function facetsOf(hits: readonly Hit[], most = 6): FacetGroup[] {
  const groups: FacetGroup[] = [];
  for (const [title, read] of readers) {
    const found = new Map<string, Facet>();
    for (const hit of hits) {
      const term = read(hit);
      if (!term) continue;
      const value = String(term.value);
      const facet = found.get(value);
      if (facet) facet.count++;
      else found.set(value, { value, count: 1, term });
    }
    const all = [...found.values()].sort((a, b) => b.count - a.count || a.value.localeCompare(b.value));
    if (all.length === 0 || (title === 'Cluster' && all.length === 1)) continue;
    groups.push({ title, facets: all.slice(0, most), left: Math.max(0, all.length - most) });
  }
  return groups;
}

/** The terms that one hit offers. */
export function termsOf(hit: Hit): Term[] {
  return readers.flatMap(([title, read]) => {
    const term = read(hit);
    return term && title !== 'Cluster' && title !== 'Kind of record' ? [term] : [];
  });
}

/** Hits over time. Failed requests and Warnings are told apart. */
export function hitColumns(hits: readonly Hit[], window: Window, bins: number): { from: number; to: number; bin: number; bins: Counted[] } {
  const bin = Math.max(1, Math.ceil((window.to - window.from) / Math.max(1, bins)));
  const counted = new Map<number, Counted>();
  for (const hit of hits) {
    const at = parseMoment(hit.when.at);
    if (at === undefined || at < window.from || at > window.to) continue;
    const i = Math.floor((at - window.from) / bin);
    const one = counted.get(i) ?? { bin: i };
    if ((hit.request?.code ?? 0) >= 400) one.failed = (one.failed ?? 0) + 1;
    else if (hit.event?.type === 'Warning') one.warning = (one.warning ?? 0) + 1;
    else one.changes = (one.changes ?? 0) + 1;
    counted.set(i, one);
  }
  return { ...window, bin, bins: [...counted.values()] };
}

/** Whether hits, in the order of time, are of more than one day of the zone. */
export function spansDays(hits: readonly Hit[], zone: Zone): boolean {
  const at = (hit: Hit | undefined) => parseMoment(hit?.when.at) ?? 0;
  return !sameDay(at(hits[0]), at(hits.at(-1)), zone);
}
