import { describe, expect, it } from 'vitest';
import type { Entry, OneEntry, Ref } from '../api/types';
import { Whole } from '../text/whole';
import { parseMoment } from '../time/moment';
import { parseView } from '../url/state';
import { diffText, isNoise, linesOf, printValue } from './changes';
import { blameCommand, commandOfView, commandsOfEntry, diffCommand, getCommand, historyCommand, kindName, kubectlCommand, quote, serverOf, traceCommand } from './commands';
import { markdownOfEntry } from './markdown';
import { plain, tell } from './sentence';

const web: Ref = { cluster: 'demo', group: 'apps', kind: 'Deployment', resource: 'deployments', namespace: 'shop', name: 'web', uid: 'c8d8165c' };
const request = {
  id: 'r1', auditID: 'afda5fa1', stage: 'ResponseComplete', level: 'RequestResponse', verb: 'update', subresource: 'scale',
  uri: '/apis/apps/v1/namespaces/shop/deployments/web/scale', code: 200, actor: { user: 'bob' }, receivedAt: '2026-11-21T15:26:10.172245Z', latencyMs: 7.91,
};
const scaled: OneEntry = {
  object: web,
  entry: {
    id: '8b11', kind: 'revision', summary: 'spec.replicas 3 → 5', verb: 'update', subresource: 'scale', code: 200, certainty: 'exact',
    when: { at: '2026-11-21T15:26:10.180155Z', notBefore: '2026-11-21T15:26:10.172245Z', notAfter: '2026-11-21T15:26:10.180155Z' },
    actor: { user: 'bob', userAgent: 'k9s/v0.50.9', sourceIPs: ['127.0.0.1'] },
    revision: {
      resourceVersion: '354', sources: ['audit', 'watch'],
      maker: { certainty: 'exact', request, actor: { user: 'bob' }, evidence: ['The update answered UID and resourceVersion 354.'] },
      changes: [{ path: 'spec.replicas', op: 'change', from: 3, to: 5 }],
    },
  },
  before: { id: 'c7a3', resourceVersion: '351', when: { at: '2026-11-21T15:26:09.97465Z' } },
};
const entry = (more: Partial<Entry>): Entry => ({ id: 'x', kind: 'request', when: { at: '2026-11-21T15:26:06.145728Z' }, summary: '', ...more });
const view = (path: string) => parseView(new URL(path, 'http://here'))!;

describe('words for a shell', () => {
  it.each([
    ['deploy/web', 'deploy/web'],
    ['rv:354', 'rv:354'],
    ['request.code >= 400', `'request.code >= 400'`],
    [`name == "it's"`, `'name == "it'\\''s"'`],
    ['', `''`],
    ['$(rm)', `'$(rm)'`],
    ['web-*', `'web-*'`],
  ])('%s', (word, quoted) => expect(quote(word)).toBe(quoted));
});

describe('commands', () => {
  const at = parseMoment('2026-11-21T15:26:10.2Z');

  it('name objects as kubectl does', () => {
    expect(kindName(web)).toBe('deploy/web');
    expect(kindName({ cluster: 'c', group: 'cert-manager.io', resource: 'certificates', name: 'tls' })).toBe('certificates.cert-manager.io/tls');
    // Known by kind alone, as the regarding of an Event.
    expect(kindName({ cluster: 'c', kind: 'Pod', name: 'a' })).toBe('pod/a');
    // A name that another group uses too must say which it is.
    expect(kindName({ cluster: 'c', group: 'serving.knative.dev', resource: 'services', name: 'a' })).toBe('services.serving.knative.dev/a');
  });

  it('give each answer', () => {
    expect(historyCommand(web, { from: parseMoment('2026-11-21T15:26:10Z')!, to: at! })).toBe('kubewake history deploy/web -n shop --from 2026-11-21T15:26:10Z --to 2026-11-21T15:26:10.2Z');
    expect(getCommand(web, { at })).toBe('kubewake get deploy/web -n shop --at 2026-11-21T15:26:10.2Z');
    expect(diffCommand(web, '351', '354')).toBe('kubewake diff deploy/web -n shop --from rv:351 --to rv:354');
    expect(blameCommand(web, { rv: '354', path: 'spec.template.spec.containers[name=main].image' })).toBe(
      `kubewake blame deploy/web -n shop --at rv:354 --path 'spec.template.spec.containers[name=main].image'`,
    );
    expect(kubectlCommand(web)).toBe('kubectl get deploy/web -n shop -o yaml');
  });

  it('name the cluster where several are recorded, the server where it is elsewhere, and the UID of what has no name', () => {
    expect(getCommand(web, { rv: '1' }, { several: true, server: 'https://wake.example' })).toBe('kubewake get deploy/web -n shop --cluster demo --at rv:1 --server https://wake.example');
    expect(historyCommand({ cluster: 'demo', uid: 'u1' }, {})).toBe('kubewake history --uid u1');
    expect(kubectlCommand({ cluster: 'demo', uid: 'u1' })).toBeUndefined();
    expect(['http://127.0.0.1:7575', 'http://localhost:7575', 'http://[::1]:7575', 'https://wake.example'].map(serverOf)).toEqual(['', '', '', 'https://wake.example']);
    expect(serverOf('https://localhost.example')).toBe('https://localhost.example');
  });

  it('of a record', () => {
    expect(commandsOfEntry(scaled)).toEqual([
      'kubewake diff deploy/web -n shop --from rv:351 --to rv:354',
      'kubewake get deploy/web -n shop --at rv:354',
      'kubewake blame deploy/web -n shop --at rv:354',
    ]);
    const refused = { object: web, entry: entry({ when: { at: '2026-11-21T15:26:06.145728Z', notBefore: '2026-11-21T15:26:06.145728Z', notAfter: '2026-11-21T15:26:06.14817Z' } }) };
    const [history] = commandsOfEntry(refused);
    const [, from, to] = /--from (\S+) --to (\S+)/.exec(history!)!;
    expect(parseMoment(from)!).toBeLessThanOrEqual(parseMoment('2026-11-21T15:26:06.145728Z')!);
    expect(parseMoment(to)!).toBeGreaterThan(parseMoment('2026-11-21T15:26:06.14817Z')!);
  });

  it.each([
    ['/', 'kubewake stat'],
    ['/coverage?cluster=demo', 'kubewake coverage --cluster demo'],
    ['/search?filter=request.code+%3E%3D+400', `kubewake search 'request.code >= 400' --newest`],
    ['/search?filter=name+%3D%3D+%27x%27&cluster=demo&namespace=shop&from=1970-01-01T00%3A00%3A01Z&order=oldest', `kubewake search 'name == '\\''x'\\''' --cluster demo --from 1970-01-01T00:00:01Z`],
    ['/search?record=event%2Cgap&reads=true', 'kubewake search --record event,gap --newest --reads'],
    ['/timeline?namespace=shop&selector=app%3Dweb', 'kubewake objects -n shop -l app=web'],
    ['/timeline?kind=pods&name=*web*', `kubewake objects pods '*web*'`],
    ['/timeline?object=deploy%2Fweb&namespace=shop&down=1', 'kubewake tree deploy/web -n shop --down 1'],
    ['/timeline?object=uid%3Ac8d8&siblings=true&types=owns%2Cselects', 'kubewake tree --uid c8d8 --siblings --type owns,selects'],
    ['/timeline?filter=a+%3D%3D+1&namespace=shop', `kubewake search 'namespace == "shop" && (a == 1)'`],
    ['/trace?object=deploy%2Fweb&namespace=shop&mode=tree&modifier=owned', 'kubewake trace deploy/web -n shop --mode tree --modifier owned'],
    ['/trace?kind=node&name=n1&fullLife=true&verbose=true&reads=true&to=2026-11-21T15%3A26%3A10Z', 'kubewake trace node/n1 --to 2026-11-21T15:26:10Z --full-life --verbose --reads'],
    ['/trace?id=1106&mode=tree&reads=true', 'kubewake trace --id 1106 --reads'],
    ['/graph?object=deploy%2Fweb&namespace=shop&at=2026-11-21T15%3A26%3A10Z', 'kubewake tree deploy/web -n shop --at 2026-11-21T15:26:10Z'],
    ['/object/demo/deployments.apps/shop/web?at=2026-11-21T15%3A26%3A10Z', 'kubewake blame deploy/web -n shop --at 2026-11-21T15:26:10Z'],
    ['/object/demo/deployments.apps/shop/web?tab=diff&a=351&b=354', 'kubewake diff deploy/web -n shop --from rv:351 --to rv:354'],
    ['/object/demo/nodes/-/worker-1?tab=events', 'kubewake history node/worker-1'],
    ['/trace', undefined],
  ])('%s is %s', (path, want) => expect(commandOfView(view(path), {})).toBe(want));

  it('ask for the trace that is shown', () => {
    const trace = { object: web, mode: 'tracing', from: '2026-11-21T15:26:00Z', to: '2026-11-21T15:28:00Z' };
    expect(traceCommand(trace, { verbose: 'true' })).toBe('kubewake trace deploy/web -n shop --from 2026-11-21T15:26:00Z --to 2026-11-21T15:28:00Z --verbose');
    expect(traceCommand({ ...trace, modifier: 'full tree' }, {}, { several: true })).toMatch(/--cluster demo .*--modifier 'full tree'$/);
  });
});

describe('sentences', () => {
  const said = (one: Entry) => plain(tell(one, web));
  it.each<[string, Entry]>([
    ['bob scaled deploy shop/web', scaled.entry],
    ['deploy shop/web changed; by whom is not recorded', entry({ kind: 'revision', revision: { resourceVersion: '1', sources: [], maker: { certainty: 'unknown', evidence: [] }, changes: [] } })],
    ['deployment-controller tried to update the status of deploy shop/web: 409 Conflict', entry({ verb: 'update', subresource: 'status', code: 409, actor: { user: 'system:serviceaccount:kube-system:deployment-controller' } })],
    ['bob read deploy shop/web', entry({ verb: 'get', code: 200, actor: { user: 'bob' } })],
    ['bob patched deploy shop/web: as a dry run', entry({ verb: 'patch', code: 200, actor: { user: 'bob' }, request: { ...request, dryRun: true } })],
    ['deploy shop/web ended; by whom is not recorded', entry({ kind: 'end', end: { maker: { certainty: 'unknown', evidence: [] }, sources: [] } })],
    ['Nothing was seen.', entry({ kind: 'gap', gap: { reason: 'x', scope: web, sentence: 'Nothing was seen.' } })],
  ])('%s', (sentence, one) => expect(said(one)).toBe(sentence));

  it('name all candidates, each once', () => {
    const by = (user: string) => ({ ...request, id: user, actor: { user } });
    const maker = { certainty: 'candidates' as const, candidates: [by('bob'), by('alice'), by('bob')], evidence: [] };
    expect(said(entry({ kind: 'revision', verb: 'patch', revision: { resourceVersion: '1', sources: [], maker, changes: [] } }))).toBe('bob or alice patched deploy shop/web');
  });
});

describe('changes', () => {
  it('show what was wanted before what was observed, and noise apart', () => {
    const { lines, noise } = linesOf([
      { path: 'status.readyReplicas', op: 'change', from: 2, to: 3 },
      { path: 'status.conditions[type=Available].lastUpdateTime', op: 'change', from: 'a', to: 'b' },
      { path: 'metadata.labels.app', op: 'add', to: 'web' },
      { path: 'spec.replicas', op: 'remove', from: 3 },
    ]);
    expect(lines.map((line) => line.path)).toEqual(['spec.replicas', 'metadata.labels.app', 'status.readyReplicas']);
    expect(noise.map((line) => line.path)).toEqual(['status.conditions[type=Available].lastUpdateTime']);
    expect(diffText(lines)).toBe('- spec.replicas: 3\n+ metadata.labels.app: web\n- status.readyReplicas: 2\n+ status.readyReplicas: 3');
  });

  it('are noise only by their whole name', () => {
    expect(['metadata.generation', 'metadata.generationOf', 'spec.resourceVersion'].map((path) => isNoise({ path, op: 'change' }))).toEqual([true, false, false]);
  });

  it.each([
    ['web', 'web'],
    ['', '""'],
    [' web', '" web"'],
    [null, 'null'],
    [{}, '{}'],
    [{ a: 1, b: ['c'] }, '{"a": 1, "b": ["c"]}'],
    [[{ name: 'main', image: 'registry.example/a/very/long/name:v1', ports: [{ port: 80 }] }], '- name: main\n  image: registry.example/a/very/long/name:v1\n  ports:\n  - port: 80'],
    [new Whole('9007199254740993'), '9007199254740993'],
    [{ id: new Whole('9007199254740993'), list: [new Whole('18446744073709551615')], note: 'x'.repeat(60) }, `id: 9007199254740993\nlist:\n- 18446744073709551615\nnote: ${'x'.repeat(60)}`],
  ])('%j is printed', (value, text) => expect(printValue(value)).toBe(text));
});

describe('Markdown', () => {
  it('tells all that a report needs, in UTC', () => {
    expect(markdownOfEntry(scaled, 'https://wake.example/x')).toBe(`### bob scaled deploy shop/web

- **When:** 2026-11-21 15:26:10.180 UTC (within 7.91 ms)
- **Who:** bob, with k9s v0.50.9, from 127.0.0.1
- **Object:** Deployment shop/web, cluster demo, uid c8d8165c, resourceVersion 354
- **Request:** update /apis/apps/v1/namespaces/shop/deployments/web/scale (200, 7.91 ms), audit ID afda5fa1
- **Certainty:** exact. The update answered UID and resourceVersion 354.

\`\`\`diff
- spec.replicas: 3
+ spec.replicas: 5
\`\`\`

[Open in kubewake](https://wake.example/x)
`);
  });

  it('lets nothing that was recorded be markup', () => {
    const changes = [{ path: 'data.readme', op: 'add' as const, to: '```\n# not a heading\n```' }];
    const text = markdownOfEntry({ object: { ...web, name: 'a*b' }, entry: { ...scaled.entry, actor: { user: '<img>[x](y)' }, revision: { ...scaled.entry.revision!, changes } } }, 'x');
    expect(text).toContain('shop/a\\*b');
    expect(text).toContain('\\<img\\>\\[x\\](y)');
    expect(text).toContain('\n````diff\n');
  });

  it('says how much it leaves out', () => {
    const changes = Array.from({ length: 50 }, (_, i) => ({ path: `data.k${i}`, op: 'add' as const, to: 'v' }));
    expect(markdownOfEntry({ object: web, entry: { ...scaled.entry, revision: { ...scaled.entry.revision!, changes } } }, 'x')).toContain('… 10 more lines');
  });
});
