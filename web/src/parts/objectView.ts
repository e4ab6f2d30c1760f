/** Which views lead to an object, keeping what one looks at. */
import type { Ref } from '../api/types';
import { everything, type ObjectPath, type Page, type View } from '../url/state';
import { changed, currentView } from '../url/useView';

/** A kind as kubectl takes it: "deployments.apps"; without the resource, the kind in lower case. */
export function kindPath(ref: Ref): string {
  const word = ref.resource ?? (ref.kind ?? '').toLowerCase();
  return ref.group ? `${word}.${ref.group}` : word;
}

/** Where an object's page is; undefined for what has no name (its kind or name was never recorded). */
export function objectPath(ref: Ref): ObjectPath | undefined {
  if (!ref.cluster || !ref.name || !kindPath(ref)) return undefined;
  return { cluster: ref.cluster, kind: kindPath(ref), namespace: ref.namespace ?? '', name: ref.name, uid: ref.uid ?? '' };
}

/** The object's page, with the window, the cursor and the set of the view one comes from. */
export function objectView(ref: Ref, from?: View): View | undefined {
  const object = objectPath(ref);
  return object && changed(toPage('object', from), { object });
}

/** Another page, with the window, the cursor and the set; what is selected stays where the page can show it. */
export function toPage(page: Page, from: View | undefined = currentView()): View {
  const { object, sel, words, ...kept } = from ?? { set: everything };
  void [object, words];
  const shows: readonly Page[] = ['timeline', 'trace', 'search'];
  return { ...kept, page, words: {}, ...(sel && shows.includes(page) ? { sel } : {}) };
}

/** The timeline of an object and all that belongs to it. */
export function timelineOf(ref: Ref, from?: View): View {
  return { ...toPage('timeline', from), set: rootSet(ref) };
}

/** The set of one object and what belongs to it. */
export function rootSet(ref: Ref): View['set'] {
  return { ...everything, cluster: ref.cluster, ...(ref.uid ? { object: `uid:${ref.uid}` } : { object: `${kindPath(ref)}/${ref.name ?? ''}`, namespace: ref.namespace ?? '' }) };
}

/** The object that a set names by "deploy/web" or "uid:…", as questions name it; undefined: none. What rootSet makes. */
export function rootOf({ object, namespace }: Pick<View['set'], 'object' | 'namespace'>): { uid: string } | { kind: string; namespace: string; name: string } | undefined {
  if (object.startsWith('uid:')) return { uid: object.slice(4) };
  const slash = object.indexOf('/');
  if (slash <= 0 || slash === object.length - 1) return undefined;
  return { kind: object.slice(0, slash), namespace, name: object.slice(slash + 1) };
}

/** "shop/web", "worker-1"; what has no name is told by its UID. */
export function nameOf(ref: Ref): string {
  const name = ref.name || (ref.uid ? `uid ${ref.uid.slice(0, 8)}…` : '(no name)');
  return ref.namespace ? `${ref.namespace}/${name}` : name;
}
