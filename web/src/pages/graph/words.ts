/**
 * The words of /graph in the URL, beside the set (object with up, down and siblings, or a namespace; types: the links that are shown), window, cursor and
 * selection: open (groups shown one by one), more (objects whose own links were asked for, by UID), ended (true: also what is over or not there yet).
 */
import type { Params } from '../../api/client';
import type { Ref } from '../../api/types';
import { rootOf } from '../../parts/objectView';
import { printMoment, type Window } from '../../time/moment';
import type { SetOfObjects } from '../../url/state';

/** All types of links, in the order of the legend: docs/links.md. The second column: shown where nobody chose. */
export const linkTypes: readonly (readonly [type: string, shown: boolean, says: string])[] = [
  ['owns', true, 'owner → object'], ['selects', true, 'Service, PodDisruptionBudget, NetworkPolicy → Pods'], ['exposes', true, 'Service → EndpointSlice → Pod'],
  ['scales', true, 'HorizontalPodAutoscaler → its target'], ['routes', true, 'Ingress, Gateway, route → Service'], ['runs-on', true, 'Pod → Node'],
  ['mounts', true, 'Pod → ConfigMap, Secret, claim'], ['binds', true, 'claim → volume'], ['parent', true, 'by annotation, in any cluster'],
  ['manages', true, 'Helm, Argo CD, Flux → what they installed'], ['calls', true, 'webhook, APIService → Service'], ['runs-as', false, 'Pod → ServiceAccount'],
  ['prioritizes', false, 'PriorityClass → Pod'], ['provides', false, 'StorageClass → claim, volume'], ['grants', false, 'binding → role, ServiceAccount'],
  ['held-by', false, 'Lease → Node, Pod'], ['defines', false, 'CustomResourceDefinition → its objects'],
];

/** The types that are followed: what is not listed is of rules of the operator's. */
export const followed = linkTypes.map(([type]) => type).filter((type) => type !== 'defines');

/** The types that a set does not show, of those that are there. */
export function hiddenTypes(types: string, there: Iterable<string>): Set<string> {
  const chosen = types ? new Set(types.split(',')) : undefined;
  const hidden = new Set<string>();
  for (const type of there) if (chosen ? !chosen.has(type) : linkTypes.some(([t, shown]) => t === type && !shown)) hidden.add(type);
  return hidden;
}

/** The types word after one was switched on or off. */
export function switched(there: readonly string[], hidden: ReadonlySet<string>, type: string): string {
  const shown = there.filter((t) => (t === type ? hidden.has(t) : !hidden.has(t)));
  return shown.length === 0 ? 'none' : shown.join(',');
}

/** A list in one word. */
export function listOf(word: string | undefined): string[] {
  return (word ?? '').split(',').filter(Boolean);
}

export function toggled(word: string | undefined, one: string): string {
  const list = listOf(word);
  return (list.includes(one) ? list.filter((o) => o !== one) : [...list, one]).slice(-60).join(',');
}

/** The tree of the object that a set names. */
export function treeOf(set: SetOfObjects, window: Partial<Window>): Params | undefined {
  const object = rootOf(set);
  return object && { ...object, cluster: set.cluster, up: set.up, down: set.down, siblings: set.siblings, ...windowWords(window), types: followed.join(','), limit: 2000 };
}

/** The tree of one object that is known. */
export function treeOfRef(ref: Ref, window: Partial<Window>, how: { up?: number; down?: number; limit?: number }): Params {
  return { uid: ref.uid, cluster: ref.cluster, ...how, ...windowWords(window), types: followed.join(',') };
}

export function windowWords(window: Partial<Window>): Params {
  return { from: window.from === undefined ? undefined : printMoment(window.from), to: window.to === undefined ? undefined : printMoment(window.to) };
}
