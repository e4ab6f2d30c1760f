/** The objects that were looked at last in this browser. */
import type { ObjectPath } from './state';

const key = 'kubewake.recent';
const kept = 12;

/** Newest first. Anything that is not ours is left out. */
export function recentObjects(): ObjectPath[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(read) ? read.filter(isObjectPath).slice(0, kept) : [];
  } catch {
    return [];
  }
}

/** Puts an object first. */
export function rememberObject(object: ObjectPath): void {
  const others = recentObjects().filter((o) => !(o.cluster === object.cluster && o.kind === object.kind && o.namespace === object.namespace && o.name === object.name));
  try {
    localStorage.setItem(key, JSON.stringify([object, ...others].slice(0, kept)));
  } catch {
    // Storage is closed to us: nothing is remembered.
  }
}

function isObjectPath(one: unknown): one is ObjectPath {
  if (typeof one !== 'object' || one === null) return false;
  return ['cluster', 'kind', 'namespace', 'name', 'uid'].every((name) => typeof (one as Record<string, unknown>)[name] === 'string');
}
