/** What somebody may mean by what is typed into the search box. */
import type { ObjectEntry } from '../../api/types';
import { kindOfWord } from '../../text/kinds';

/** An object as the search box shows it; how many states it had is not always asked. */
export type FoundObject = Omit<ObjectEntry, 'revisions'> & { revisions?: number };

/** A question for objects, as /api/v1/objects takes it. */
export interface Asked {
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
}

const uidShape = /^(?:uid[: ]\s*)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

/**
 * Reads "web", "deploy/web", "pod web-5", "shop/web", "shop/deploy/web", "web -n shop", or a UID. A word that is a kind as well as a part of names
 * is asked for as both. Nothing typed asks nothing.
 */
export function readText(text: string): Asked[] {
  const uid = uidShape.exec(text.trim())?.[1];
  if (uid) return [{ uid: uid.toLowerCase() }];
  const { rest, namespace } = takeNamespace(text.trim());
  const within = namespace ? { namespace } : {};
  const words = rest.split(/[\s/]+/).filter(Boolean);
  const [first = '', second, third] = words;
  if (!first) return namespace ? [within] : [];
  if (third !== undefined) return kindOfWord(second ?? '') ? [{ namespace: first, kind: second ?? '', name: glob(third) }] : [];
  if (second !== undefined) {
    if (kindOfWord(first)) return [{ ...within, kind: first, name: glob(second) }];
    if (rest.includes('/')) return [{ namespace: first, name: glob(second) }, { kind: first, name: glob(second), ...within }];
    return kindOfWord(second) ? [{ ...within, kind: second, name: glob(first) }] : [];
  }
  if (rest.endsWith('/')) return kindOfWord(first) ? [{ ...within, kind: first }] : [{ namespace: first }];
  const named = { ...within, name: glob(first) };
  return kindOfWord(first) ? [named, { ...within, kind: first }] : [named];
}

function takeNamespace(text: string): { rest: string; namespace?: string } {
  const match = /(?:^|\s)(?:-n|--namespace|ns:)[\s=]*([a-z0-9-]+)/.exec(text);
  if (!match) return { rest: text };
  return { rest: text.replace(match[0], ' ').trim(), namespace: match[1] ?? '' };
}

/** Names that contain the word, unless it says itself how it matches. */
function glob(word: string): string {
  return /[*?]/.test(word) ? word : `*${word.toLowerCase()}*`;
}

const operators = /==|!=|>=|<=|&&|\|\||(?:^|\s)[<>](?:\s|$)|\sin\s|\.(?:startsWith|endsWith|contains|matches|exists|all|size)\(/;
const roots = /^!?\(*(?:request|event|object|oldObject|gap|span|revision)\./;

/** Whether text reads like a CEL filter rather than a name. */
export function looksLikeFilter(text: string): boolean {
  return operators.test(text) || roots.test(text.trim());
}

/** The word that results are compared with: what was typed of the name. */
export function wordOf(text: string): string {
  const { rest } = takeNamespace(text.trim());
  return (rest.split(/[\s/]+/).filter(Boolean).at(-1) ?? '').replaceAll('*', '').toLowerCase();
}

/** What people look for comes before what belongs to it. */
const weight: Record<string, number> = {
  deployment: 16, statefulset: 16, daemonset: 15, cronjob: 14, job: 11, namespace: 12, node: 11, service: 10, ingress: 9, configmap: 7, secret: 6,
  persistentvolumeclaim: 6, horizontalpodautoscaler: 7, pod: 6, replicaset: 3, endpoints: -6, endpointslice: -7, event: -9, lease: -9, controllerrevision: -6,
};

/** How well an object fits a word; more is better. */
export function fit(object: FoundObject, word: string): number {
  const name = (object.name ?? '').toLowerCase();
  const match = !word ? 0 : name === word ? 50 : name.startsWith(word) ? 25 : name.includes(`-${word}`) || name.includes(`.${word}`) ? 15 : 5;
  return match + (weight[(object.kind ?? '').toLowerCase()] ?? 4) + (object.ended ? 0 : 4);
}

export interface Group {
  kind: string;
  objects: FoundObject[];
  /** Found in all, of this kind. */
  total: number;
}

/** Objects by kind, the best fitting kind first, at most perKind of each. One object found twice is there once. */
export function grouped(objects: readonly FoundObject[], word: string, perKind: number): Group[] {
  const seen = new Set<string>();
  const groups = new Map<string, { object: FoundObject; fit: number }[]>();
  for (const object of objects) {
    const key = `${object.cluster}/${object.uid ?? `${object.kind}/${object.namespace}/${object.name}`}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const kind = object.kind ?? object.resource ?? '';
    const list = groups.get(kind) ?? [];
    groups.set(kind, list);
    list.push({ object, fit: fit(object, word) });
  }
  return [...groups.entries()]
    .map(([kind, list]) => ({ kind, list: list.sort((a, b) => b.fit - a.fit || (b.object.lastSeen ?? '').localeCompare(a.object.lastSeen ?? '')) }))
    .sort((a, b) => (b.list[0]?.fit ?? 0) - (a.list[0]?.fit ?? 0))
    .map(({ kind, list }) => ({ kind, objects: list.slice(0, perKind).map(({ object }) => object), total: list.length }));
}
