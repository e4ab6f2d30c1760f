/** Who did it, as people say it. */

const serviceAccount = 'system:serviceaccount:';
const node = 'system:node:';

/**
 * A user name in short: "system:serviceaccount:robots:ci" is "robots/ci (sa)", "system:node:worker-1" is "worker-1 (node)"; the service accounts of
 * kube-system are the cluster's own components and told by name, as the command line does.
 */
export function actorShort(user: string | undefined): string {
  if (!user) return 'unknown';
  if (user.startsWith(`${serviceAccount}kube-system:`)) return user.slice(`${serviceAccount}kube-system:`.length);
  if (user.startsWith(serviceAccount)) return `${user.slice(serviceAccount.length).replace(':', '/')} (sa)`;
  if (user.startsWith(node)) return `${user.slice(node.length)} (node)`;
  if (user.startsWith('system:')) return user.slice('system:'.length);
  return user;
}

/** What kind of actor a user name stands for. */
export function actorSort(user: string | undefined): 'person' | 'service account' | 'node' | 'component' | 'unknown' {
  if (!user) return 'unknown';
  if (user.startsWith(serviceAccount)) return 'service account';
  if (user.startsWith(node)) return 'node';
  if (user.startsWith('system:') && user !== 'system:admin') return 'component';
  return 'person';
}

/** A user agent without its noise: "kubectl/v1.34.1 (linux/amd64) kubernetes/…" is "kubectl v1.34.1". */
export function agentShort(agent: string | undefined): string {
  const [first = ''] = (agent ?? '').split(' ');
  const [program = '', version = ''] = first.split('/');
  return version ? `${program} ${version}` : program;
}
