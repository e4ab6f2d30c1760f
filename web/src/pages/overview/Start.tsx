import { Copy, Icon, PageHeader, recording } from '../../parts';
import type { IconName } from '../../text/icons';

/** One way of recording something: what it gives, and what to type. */
interface Way {
  icon: IconName;
  title: string;
  text: string;
  steps: { into?: string; text: string }[];
}

const ways: readonly Way[] = [
  {
    icon: 'play',
    title: 'Look at a recorded incident',
    text: 'A Deployment that is rolled badly and rolled back, on a real control plane. It is part of the program; nothing else is needed.',
    steps: [{ text: recording.demo }],
  },
  {
    icon: 'open',
    title: 'Open an audit log you have',
    text: 'Files and directories, packed or not, also exports of EKS and AKS, and what kubectl printed under watch. Detected by content.',
    steps: [{ text: recording.open }],
  },
  {
    icon: 'overview',
    title: 'Watch a cluster',
    text: 'Every state of every object and every Event from now on. Needs the rights to get, list and watch.',
    steps: [
      { text: recording.watch },
      {
        into: 'the rights, for kubectl apply -f',
        text: [
          'apiVersion: rbac.authorization.k8s.io/v1',
          'kind: ClusterRole',
          'metadata: {name: kubewake}',
          'rules:',
          '- apiGroups: ["*"]',
          '  resources: ["*"]',
          '  verbs: [get, list, watch]',
        ].join('\n'),
      },
    ],
  },
  {
    icon: 'shield',
    title: 'Take in its audit log',
    text: 'Who made each change, what failed and why. Needs two flags of the apiserver: a policy, and a kubeconfig that names kubewake.',
    steps: [
      { text: 'kubewake audit-policy > /etc/kubernetes/audit-policy.yaml' },
      { text: 'kubewake serve --data /var/lib/kubewake --receive 10.1.0.7:9443 --receive-cert cert.pem --receive-key key.pem --receive-tokens tokens' },
      {
        into: 'flags of each kube-apiserver',
        text: ['--audit-policy-file=/etc/kubernetes/audit-policy.yaml', '--audit-webhook-config-file=/etc/kubernetes/audit-webhook.yaml', '--audit-webhook-batch-max-wait=1s'].join('\n'),
      },
      { into: 'prints certificate, token file and kubeconfig to paste', text: 'kubewake doctor --webhook-url https://kubewake.example:9443/audit/prod' },
    ],
  },
  {
    icon: 'node',
    title: 'Send it from elsewhere',
    text: 'An agent collects where the cluster is and delivers over one outbound TLS connection. It holds no state that matters.',
    steps: [{ text: 'kubewake agent --to https://kubewake.example:9443 --to-token token --to-ca cert.pem --in-cluster --cluster prod' }],
  },
];

/** What to do where nothing is recorded yet. */
export function Start({ live }: { live: boolean }) {
  return (
    <main className="overview start" aria-label="Overview">
      <PageHeader title="Nothing is recorded yet" sub={live ? 'This page fills by itself as soon as something comes in.' : 'Point a cluster here, or open a file:'} />
      <div className="start-ways">
        {ways.map((way) => (
          <section key={way.title} aria-label={way.title}>
            <h2>
              <Icon name={way.icon} />
              {way.title}
            </h2>
            <p>{way.text}</p>
            {way.steps.map((step) => (
              <div key={step.text} className="start-step">
                {step.into && <span>{step.into}</span>}
                <div>
                  <pre tabIndex={0}>{step.text}</pre>
                  <Copy value={step.text} label={step.into ?? 'command'} />
                </div>
              </div>
            ))}
          </section>
        ))}
      </div>
    </main>
  );
}
