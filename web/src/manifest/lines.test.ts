import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Blame, Blamed, State } from '../api/types';
import { agoOf } from './gutter';
import { ages, authorOf, bandOfLine, bandsOf, blameLines, briefly, initials, numbered, signOf } from './lines';
import { placeOf, textOfPlace } from './path';
import { printManifest } from './print';

const answer = <T>(name: string) => JSON.parse(readFileSync(new URL(`testdata/${name}.json`, import.meta.url), 'utf8')) as T;

function blamed(name: string) {
  const { manifest } = answer<State>(`${name}.state`);
  const printed = printManifest(manifest);
  const { lines, unplaced } = blameLines(printed, manifest, answer<Blame>(`${name}.blame`).fields);
  return { texts: printed.text.split('\n'), lines, unplaced };
}

/** "who since how" of the line with a text. */
function said({ texts, lines }: ReturnType<typeof blamed>, text: string): string {
  const author = lines[texts.findIndex((t) => t.trim() === text)]?.author;
  return author ? `${author.who} ${author.field.resourceVersion ?? ''} ${author.knowledge}` : 'nobody';
}

describe('blame on lines', () => {
  it.each(['deployment', 'inferred', 'pod', 'node', 'secret', 'configmap', 'service'])('of a %s is on every leaf but those of managedFields', (name) => {
    const { texts, lines, unplaced } = blamed(name);
    const without = lines.flatMap((line, i) => (line.leaf && !line.author && line.place[1] !== 'managedFields' ? [texts[i]] : []));
    expect(without).toEqual([]);
    expect(unplaced).toEqual([]);
  });

  it('finds items by keys, members with dots, whole objects', () => {
    const deployment = blamed('deployment');
    expect(said(deployment, 'image: registry.example/web:v3-bad')).toBe('system:serviceaccount:robots:ci 559 exact');
    expect(said(deployment, 'deployment.kubernetes.io/revision: "3"')).toBe('system:serviceaccount:kube-system:deployment-controller 562 exact');
    expect(said(deployment, 'replicas: 5')).toBe('bob 354 exact');
    expect(said(deployment, 'replicas: 7')).toBe('system:serviceaccount:kube-system:deployment-controller 591 exact');
    expect(said(deployment, 'key: node.kubernetes.io/unreachable')).toBe('alice 316 exact');
    expect(said(deployment, 'resources: {}')).toBe('alice 316 exact');
    expect(said(deployment, 'spec:')).toBe('nobody');
  });

  it('keeps inferred apart', () => {
    const inferred = blamed('inferred');
    expect(said(inferred, 'app: web')).toBe('alice 314 inferred');
    expect(new Set(inferred.lines.map((line) => line.author?.knowledge))).toContain('exact');
  });

  it('covers all lines of a value that is told as a whole', () => {
    const manifest = { data: { 'a.txt': 'x\ny' }, spec: { atomic: { b: [1, { c: 2 }] } } };
    const field = (path: string): Blamed => ({ path, value: null, certainty: 'exact', reason: '', actor: { user: path } });
    const { lines, unplaced } = blameLines(printManifest(manifest), manifest, [field('data["a.txt"]'), field('spec.atomic'), field('spec.gone')]);
    expect(lines.map((line) => line.author?.who ?? '')).toEqual(['', 'data["a.txt"]', 'data["a.txt"]', 'data["a.txt"]', '', 'spec.atomic', '', 'spec.atomic', 'spec.atomic']);
    expect(unplaced.map((f) => f.path)).toEqual(['spec.gone']);
  });
});

describe('paths', () => {
  const manifest = {
    ports: [{ port: 80 }, { port: 80, protocol: 'UDP' }],
    finalizers: ['a/b', 'c'],
    claims: [{ metadata: { name: 'data' } }, { metadata: { name: 'logs' } }],
    tolerations: [{ b: 1, a: 'x]' }],
    'odd.name': { 'x"y': 1 },
    lists: [[1, 2]],
    managed: [{ manager: 'k', subresource: 'scale' }, { manager: 'k' }],
  };
  it.each([
    ['', ''],
    ['ports[port=80,protocol=TCP]', 'ports[0]'],
    ['ports[port=80,protocol=UDP].port', 'ports[1].port'],
    ['finalizers[="c"]', 'finalizers[1]'],
    ['claims[metadata.name=logs].metadata', 'claims[1].metadata'],
    ['tolerations[={"a":"x]","b":1}].a', 'tolerations[0].a'],
    ['["odd.name"]["x\\"y"]', '["odd.name"]["x\\"y"]'],
    ['lists[0][1]', 'lists[0][1]'],
    ['managed[manager=k,subresource=""].manager', 'managed[1].manager'],
    ['.ports', 'ports'],
  ])('%s leads to %s', (path, place) => {
    const found = placeOf(manifest, path);
    expect(found && textOfPlace(found)).toBe(place);
  });
  it.each(['nothing', 'ports[port=81]', 'ports[7]', 'ports[', 'ports[="x"', 'a..b', 'ports.port', 'finalizers["c"]', '[', 'ports[=', 'ports[a=', 'constructor'])('%s leads nowhere', (path) => {
    expect(placeOf(manifest, path)).toBeUndefined();
  });
});

describe('bands', () => {
  it('hold what one revision set, with the lines that open them', () => {
    const { texts, lines } = blamed('deployment');
    const bands = bandsOf(lines);
    const of = bandOfLine(bands, lines.length);
    const at = (text: string) => texts.findIndex((t) => t.trim() === text);
    const image = of[at('image: registry.example/web:v3-bad')];
    expect(image).toMatchObject({ first: at('image: registry.example/web:v3-bad'), last: at('image: registry.example/web:v3-bad') });
    const spec = of[at('spec:')];
    expect(spec).toMatchObject({ first: at('uid: c8d8165c-5bb7-49d5-8de1-63fe9e2fef5f'), last: at('progressDeadlineSeconds: 600') });
    expect(of[at('- name: MODE')]).toBe(of[at('revisionHistoryLimit: 10')] ?? 'one band');
    const folded = at('managedFields:');
    expect(of[folded]).toBeUndefined();
    for (let i = 1; i < bands.length; i++) expect(bands[i]?.first).toBe((bands[i - 1]?.last ?? 0) + (bands[i - 1]?.last === folded - 1 ? 2 : 1));
  });

  it('of leaves that nobody is known of stand alone', () => {
    const manifest = { a: 1, b: 2, c: 3 };
    const { lines } = blameLines(printManifest(manifest), manifest, [{ path: 'b', value: 2, certainty: 'exact', reason: '' }]);
    expect(bandsOf(lines).map(({ first, last, author }) => [first, last, author?.knowledge])).toEqual([[0, 0, undefined], [1, 1, 'exact'], [2, 2, undefined]]);
  });
});

describe('authors', () => {
  const field = (part: Partial<Blamed>): Blamed => ({ path: 'a', value: 1, certainty: 'exact', reason: '', ...part });
  it('are users, else managers, else nobody', () => {
    expect(authorOf(field({ actor: { user: 'alice' }, manager: 'kubectl' }))).toMatchObject({ who: 'alice', manager: false });
    expect(authorOf(field({ manager: 'kubectl', certainty: 'inferred' }))).toMatchObject({ who: 'kubectl', manager: true, knowledge: 'inferred' });
    expect(authorOf(field({ certainty: 'unknown' }))).toMatchObject({ who: '', knowledge: 'unknown' });
  });
  it('of values older than the recording are said so', () => {
    expect(authorOf(field({ before: { at: '2026-11-21T15:26:25Z' }, certainty: 'unknown' }))).toMatchObject({ knowledge: 'before', at: 1795274785000000 });
    expect(authorOf(field({ before: { at: '2026-11-21T15:26:25Z' }, certainty: 'assumed unchanged' })).knowledge).toBe('assumed unchanged');
  });
  it('have a sign each', () => {
    const all = (['exact', 'inferred', 'candidates', 'assumed unchanged', 'before', 'unknown'] as const).map((k) => signOf(k).sign);
    expect(new Set(all).size).toBe(all.length);
  });
  it.each([['robots/ci (sa)', 'CI'], ['kube-system/deployment-controller (sa)', 'DC'], ['alice', 'AL'], ['x', 'X'], ['', '?'], ['ünal şen', 'ÜŞ']])('%s has the initials %s', (name, want) => {
    expect(initials(name)).toBe(want);
  });
  it.each([['system:serviceaccount:kube-system:deployment-controller', 'deployment-controller'], ['system:serviceaccount:robots:ci', 'robots/ci'], ['system:node:node-0', 'node-0'], ['alice', 'alice']])('%s is briefly %s', (user, want) => {
    expect(briefly(user)).toBe(want);
  });
  it('keep their colours', () => {
    expect([...numbered(['a', 'b', 'a', '', 'c', 'd', 'e', 'f', 'g', 'h', 'i'])].map(([n, i]) => n + i).join(' ')).toBe('a0 b1 c2 d3 e4 f5 g6 h7 i0');
  });
  it('are as old as the order of their moments says', () => {
    const line = (at?: string, before = false) => ({ place: [], leaf: true, ...(at ? { author: authorOf(field(before ? { before: { at } } : { since: { at } })) } : {}) });
    const t = (s: number) => `2026-11-21T15:26:0${s}Z`;
    expect(ages([line(t(9)), line(t(1)), line(t(5)), line(), line(t(0), true)])).toEqual([0, 4, 2, undefined, 4]);
    expect(ages([line(t(9))])).toEqual([0]);
  });
});

describe('how long before the cursor', () => {
  const since = (at: string, part: Partial<Blamed> = {}) => authorOf({ path: 'a', value: 1, certainty: 'exact', reason: '', since: { at }, ...part });
  const cursor = 1795274785000000; // 15:26:25
  it.each([
    [since('2026-11-21T15:26:06Z'), '19 s'],
    [since('2026-11-21T15:26:25Z'), 'now'],
    [authorOf({ path: 'a', value: 1, certainty: 'exact', reason: '', before: { at: '2026-11-21T15:26:20Z' } }), '> 5 s'],
    [authorOf({ path: 'a', value: 1, certainty: 'exact', reason: '', before: { at: '2026-11-21T15:26:25Z' } }), ''],
    [undefined, ''],
  ])('%#', (author, want) => {
    expect(agoOf(author, cursor)).toBe(want);
  });
});
