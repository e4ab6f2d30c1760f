/** The objects that were looked at last in this browser. */
import { keep, kept } from './kept';
import type { ObjectPath } from './state';

const key = 'kubewake.recent';
const most = 12;

/** Newest first. Anything that is not ours is left out. */
export function recentObjects(): ObjectPath[] {
  try {
    const read: unknown = JSON.parse(kept(key) || '[]');
    return Array.isArray(read) ? read.filter(isObjectPath).slice(0, most) : [];
  } catch {
    return [];
  }
}

/** Puts an object first. */
export function rememberObject(object: ObjectPath): void {
  const others = recentObjects().filter((o) => !(o.cluster === object.cluster && o.kind === object.kind && o.namespace === object.namespace && o.name === object.name));
  keep(key, JSON.stringify([object, ...others].slice(0, most)));
}

function isObjectPath(one: unknown): one is ObjectPath {
  if (typeof one !== 'object' || one === null) return false;
  return ['cluster', 'kind', 'namespace', 'name', 'uid'].every((name) => typeof (one as Record<string, unknown>)[name] === 'string');
}
