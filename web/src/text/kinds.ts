/** How kinds are named in little room, and which icon stands for them. */
import type { IconName } from './icons';

interface Known {
  short: string;
  icon: IconName;
}

/** kubectl's short names, by kind in lower case. */
const known: Record<string, Known> = {
  pod: { short: 'po', icon: 'pod' },
  deployment: { short: 'deploy', icon: 'workload' },
  replicaset: { short: 'rs', icon: 'workload' },
  statefulset: { short: 'sts', icon: 'workload' },
  daemonset: { short: 'ds', icon: 'workload' },
  replicationcontroller: { short: 'rc', icon: 'workload' },
  controllerrevision: { short: 'crev', icon: 'workload' },
  job: { short: 'job', icon: 'job' },
  cronjob: { short: 'cj', icon: 'job' },
  horizontalpodautoscaler: { short: 'hpa', icon: 'scale' },
  verticalpodautoscaler: { short: 'vpa', icon: 'scale' },
  poddisruptionbudget: { short: 'pdb', icon: 'scale' },
  service: { short: 'svc', icon: 'network' },
  endpoints: { short: 'ep', icon: 'network' },
  endpointslice: { short: 'eps', icon: 'network' },
  ingress: { short: 'ing', icon: 'network' },
  ingressclass: { short: 'ingc', icon: 'network' },
  networkpolicy: { short: 'netpol', icon: 'network' },
  gateway: { short: 'gtw', icon: 'network' },
  httproute: { short: 'route', icon: 'network' },
  configmap: { short: 'cm', icon: 'config' },
  secret: { short: 'secret', icon: 'secret' },
  persistentvolume: { short: 'pv', icon: 'storage' },
  persistentvolumeclaim: { short: 'pvc', icon: 'storage' },
  storageclass: { short: 'sc', icon: 'storage' },
  volumeattachment: { short: 'va', icon: 'storage' },
  serviceaccount: { short: 'sa', icon: 'person' },
  role: { short: 'role', icon: 'shield' },
  rolebinding: { short: 'rb', icon: 'shield' },
  clusterrole: { short: 'cr', icon: 'shield' },
  clusterrolebinding: { short: 'crb', icon: 'shield' },
  node: { short: 'no', icon: 'node' },
  namespace: { short: 'ns', icon: 'namespace' },
  event: { short: 'ev', icon: 'event' },
  lease: { short: 'lease', icon: 'clock' },
  limitrange: { short: 'limits', icon: 'scale' },
  resourcequota: { short: 'quota', icon: 'scale' },
  priorityclass: { short: 'pc', icon: 'scale' },
  customresourcedefinition: { short: 'crd', icon: 'custom' },
  apiservice: { short: 'apisvc', icon: 'custom' },
  certificatesigningrequest: { short: 'csr', icon: 'shield' },
  mutatingwebhookconfiguration: { short: 'mwh', icon: 'shield' },
  validatingwebhookconfiguration: { short: 'vwh', icon: 'shield' },
};

/** A kind, or a resource ("deployments.apps"), in a few letters, as kubectl abbreviates it: "deploy", "po"; kinds that kubectl has no word for are told in lower case. */
export function kindShort(kind: string | undefined): string {
  const word = (kind ?? '').toLowerCase();
  return known[word]?.short ?? known[kindOfWord(word) ?? '']?.short ?? word;
}

/** The icon of a kind. */
export function kindIcon(kind: string | undefined): IconName {
  const word = (kind ?? '').toLowerCase();
  return known[word]?.icon ?? known[kindOfWord(word) ?? '']?.icon ?? 'custom';
}

/** The kind that a short name, a singular or a plural means ("deploy", "deployments.apps"), in lower case; undefined: none that we know. */
export function kindOfWord(word: string): string | undefined {
  const bare = (word.toLowerCase().split('.')[0] ?? '').trim();
  if (!bare) return undefined;
  for (const [kind, { short }] of Object.entries(known)) if (bare === kind || bare === short || bare === plural(kind)) return kind;
  return undefined;
}

function plural(kind: string): string {
  if (kind.endsWith('s')) return kind === 'endpoints' ? kind : `${kind}es`;
  return /[^aeiou]y$/.test(kind) ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}
