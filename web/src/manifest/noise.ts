/** What a difference of manifests leaves out unless it is asked for: the server counts it as folded. */
import { isObject } from './path';

/** Members of metadata that change with every write. */
export const noisy: readonly string[] = ['managedFields', 'resourceVersion', 'generation'];

/** A manifest without managedFields, as kubectl shows it: the blame says what they say. */
export function withoutManagedFields(manifest: unknown): unknown {
  return without(manifest, ['managedFields']);
}

/** A manifest without its noise; the manifest itself is left as it is. */
export function withoutNoise(manifest: unknown): unknown {
  return without(manifest, noisy);
}

function without(manifest: unknown, names: readonly string[]): unknown {
  if (!isObject(manifest) || !isObject(manifest['metadata'])) return manifest;
  const metadata = Object.fromEntries(Object.entries(manifest['metadata']).filter(([name]) => !names.includes(name)));
  return { ...manifest, metadata };
}
