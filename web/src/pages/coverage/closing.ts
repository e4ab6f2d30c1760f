/** How each kind of hole is closed: what one does, and what one pastes. Pure. */
import type { Gap } from '../../api/types';

/** A thing to do. */
export interface Step {
  text?: string;
  /** Where the snippet goes. */
  into?: string;
  code?: string;
}

export interface Closing {
  /** What the hole means for answers. */
  means: string;
  steps: Step[];
}

/** What a snippet needs to know of this kubewake. */
export interface Place {
  /** Its data directory; empty where it is not told. */
  data: string;
  /** Where it answers. */
  server: string;
  cluster: string;
}

/** What the ways of closing a hole are written with. */
interface Words {
  gaps: readonly Gap[];
  data: string;
  server: string;
  cluster: string;
  /** Asks what is wrong. */
  doctor: Step;
  /** Watches the cluster. */
  serve: string;
  importing: (why: string) => Step;
}

/** What is done, by reason. */
const closings: Record<string, (words: Words) => Closing> = {
  'before-recording': ({ importing }) => ({
    means: 'What happened before is not known; what already was there is known from the first list or watch on.',
    steps: [importing('Audit logs that are older close it, if the apiserver or an archive still has them. Facts may come in any order:')],
  }),
  'after-recording': ({ serve, importing }) => ({
    means: 'What happened later is not known. A state shown there is the last one known.',
    steps: [{ text: 'Watch the cluster from now on:', code: serve }, importing('Or read the audit logs of the time since:')],
  }),
  floor: () => ({
    means: 'Retention dropped what is older. Of each object that was alive the last state was kept; how it came to be is not known.',
    steps: [
      { text: 'What was dropped is gone, unless older logs are imported into a directory of their own. To keep more from now on:', into: 'kubewake’s settings file', code: 'retention: {age: 90d, bytes: 100GB}' },
    ],
  }),
  'not-watched': ({ gaps, cluster, server, serve }) => ({
    means: 'States are known from audited answers only: what the policy logs below RequestResponse, and what controllers left unaudited, is missing.',
    steps: [
      { text: 'Give kubewake the right to list and watch them:', into: 'kubectl apply -f -', code: clusterRole(gaps) },
      { text: 'and let it watch the cluster, if it does not:', code: serve },
      { text: 'Resources may also be left out on purpose (exclude, in the settings). doctor tells which may not be watched:', code: `kubewake doctor --server ${server} --context ${cluster}` },
    ],
  }),
  'not-audited': ({ gaps }) => ({
    means: 'Either nobody wrote, or the audit policy leaves these resources out. A change of theirs would be shown with “actor not audited”.',
    steps: [
      { text: 'See what the policy leaves out:', code: 'kubewake audit-policy --check /etc/kubernetes/audit-policy.yaml' },
      { text: 'Add a rule. The first rule that matches decides, so it stands above broader ones:', into: '/etc/kubernetes/audit-policy.yaml, under rules', code: policyRule(gaps, 'Metadata') },
      { text: 'Or take the recommended policy as a whole:', code: 'kubewake audit-policy > /etc/kubernetes/audit-policy.yaml' },
    ],
  }),
  level: ({ gaps, serve }) => ({
    means: 'It is known who wrote and when; what they changed is known only where a watch tells the states.',
    steps: [
      { text: 'A watch closes it without a larger audit log:', code: serve },
      { text: 'Or log these writes with their content. The first rule that matches decides:', into: '/etc/kubernetes/audit-policy.yaml, under rules', code: policyRule(gaps, 'RequestResponse') },
      { text: 'What that costs a day, measured on your own log:', code: 'kubewake audit-policy /var/log/kubernetes/audit*.log --profile full' },
    ],
  }),
  truncated: () => ({
    means: 'Bodies of some requests, or the end of a file, were cut: what stood there is not known from them.',
    steps: [
      { text: 'A watch tells the states whole. Else raise the apiserver’s limit of one event:', into: 'flags of each kube-apiserver', code: '--audit-webhook-truncate-max-event-size=1048576\n--audit-webhook-truncate-max-batch-size=10485760' },
    ],
  }),
  dropped: ({ doctor }) => ({
    means: 'Something was dropped because a limit was reached. What it told is not known.',
    steps: [
      { text: 'Where the apiserver drops: a larger buffer, and no throttle.', into: 'flags of each kube-apiserver', code: '--audit-webhook-batch-buffer-size=50000\n--audit-webhook-batch-throttle-enable=false' },
      { text: 'Where kubewake is slow to store: a spool bridges it.', into: 'kubewake’s settings file', code: 'spool: {dir: /var/spool/kubewake}' },
      doctor,
    ],
  }),
  undecodable: ({ doctor }) => ({
    means: 'Something was delivered that could not be read. A digest of it is kept, never its content.',
    steps: [{ text: 'An event that is too long is cut by the apiserver itself with this flag; anything else is worth a bug report.', into: 'flags of each kube-apiserver', code: '--audit-webhook-truncate-enabled' }, doctor],
  }),
  'watch-missed': ({ cluster, importing }) => ({
    means: 'For a while nobody watched, and the apiserver had forgotten the changes when the watch began anew. States before and after are known, not those between.',
    steps: [
      importing('Audit logs of that time at level RequestResponse tell the states between:'),
      { text: 'Two agents side by side leave no such hole; what both see is stored once:', code: `kubewake agent --to https://kubewake.example:9443 --to-token token --to-ca cert.pem --in-cluster --cluster ${cluster} --elect` },
    ],
  }),
  'watch-error': ({ doctor }) => ({
    means: 'The apiserver reported an error to the watch; what it missed is not known.',
    steps: [{ text: 'Mostly an aggregated API or a conversion webhook fails for everybody:', code: 'kubectl get apiservice\nkubectl get --raw /readyz?verbose' }, doctor],
  }),
  late: () => ({
    means: 'Facts came in that were older than what is kept, and were refused.',
    steps: [{ text: 'Import old logs first, or keep more:', into: 'kubewake’s settings file', code: 'retention: {age: 90d, bytes: 100GB}' }],
  }),
  epoch: () => ({
    means: 'Nothing is missing for it. etcd was restored or the cluster rebuilt, so one resourceVersion may name two states; answers tell them apart by time and maker.',
    steps: [],
  }),
  incarnation: () => ({
    means: 'Records of more than one cluster lie under one name; their objects are told apart by UID, their names are not.',
    steps: [{ text: 'Give each cluster a name of its own wherever it is recorded:', code: 'kubewake serve --cluster NAME …\nkubewake import --cluster NAME …' }],
  }),
  'missing-revision': missing,
  'missing-request': missing,
};

/** How the gaps of a reason are closed. */
export function closingOf(reason: string, gaps: readonly Gap[], place: Place): Closing {
  const data = place.data || '/var/lib/kubewake';
  const cluster = place.cluster || 'prod';
  const { server } = place;
  const words: Words = {
    gaps, data, server, cluster,
    doctor: { text: 'doctor looks at this kubewake and at the cluster, and prints what to paste:', code: `kubewake doctor --server ${server}` },
    serve: `kubewake serve --data ${data} --kubeconfig ~/.kube/config --cluster ${cluster}`,
    importing: (why) => ({ text: why, code: `kubewake import /var/log/kubernetes/audit/ --data ${data} --cluster ${cluster}` }),
  };
  return (Object.hasOwn(closings, reason) ? closings[reason]?.(words) : undefined) ?? { means: 'The sentence beside each says what is missing.', steps: [words.doctor] };
}

/** Of a record that another one names. */
function missing({ serve, importing }: Words): Closing {
  return {
    means: 'A record is known to be missing: another one names it.',
    steps: [{ text: 'A watch beside the audit log closes it from now on:', code: serve }, importing('An audit log of the time may still have it:')],
  };
}

/** The resources of gaps by group, both in order; "" is the core group. */
export function byGroup(gaps: readonly Gap[]): [string, string[]][] {
  const groups = new Map<string, Set<string>>();
  for (const { scope } of gaps) {
    if (!scope.resource) continue;
    const group = scope.group ?? '';
    groups.set(group, (groups.get(group) ?? new Set()).add(scope.resource));
  }
  return [...groups].sort(([a], [b]) => a.localeCompare(b)).map(([group, resources]) => [group, [...resources].sort()]);
}

function policyRule(gaps: readonly Gap[], level: string): string {
  const groups = byGroup(gaps);
  const rule = [`- level: ${level}`, '  verbs: [create, update, patch, delete, deletecollection]'];
  if (groups.length === 0) return rule.join('\n');
  return [...rule, '  resources:', ...groups.map(([group, resources]) => `    - {group: ${group || '""'}, resources: [${resources.join(', ')}]}`)].join('\n');
}

function clusterRole(gaps: readonly Gap[]): string {
  const groups = byGroup(gaps);
  const head = ['apiVersion: rbac.authorization.k8s.io/v1', 'kind: ClusterRole', 'metadata: {name: kubewake}', 'rules:'];
  if (groups.length === 0) return [...head, '- apiGroups: ["*"]', '  resources: ["*"]', '  verbs: [get, list, watch]'].join('\n');
  const rules = groups.flatMap(([group, resources]) => [`- apiGroups: ["${group}"]`, `  resources: [${resources.join(', ')}]`, '  verbs: [get, list, watch]']);
  return [...head, ...rules].join('\n');
}
