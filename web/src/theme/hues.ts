/** How many hues tokens.css has for kinds of objects. */
export const hueCount = 8;

/** The kinds that stand together most often have hues of their own. */
const fixed: Record<string, number> = {
  deployments: 0, replicasets: 1, pods: 2, services: 3, statefulsets: 4, endpointslices: 5, nodes: 6, jobs: 7, daemonsets: 4, cronjobs: 0,
  horizontalpodautoscalers: 5, configmaps: 6, secrets: 7, ingresses: 1, persistentvolumeclaims: 4,
};

/** The hue of a resource ("deployments"), 0 to hueCount - 1: the same on every page and day. */
export function hueOf(resource: string): number {
  const word = resource.split('.')[0] ?? '';
  const known = fixed[word];
  if (known !== undefined) return known;
  let hash = 0;
  for (let i = 0; i < word.length; i++) hash = (hash * 31 + word.charCodeAt(i)) >>> 0;
  return hash % hueCount;
}

/** The hue as a style: "var(--hue-3)". */
export function hueVar(resource: string): string {
  return `var(--hue-${hueOf(resource) + 1})`;
}
