// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, forgetAnswers } from '../../api/client';
import type { Lane, Row } from '../../api/types';
import type { GraphNode } from '../../layout/graph';
import type { Card, Grouped, Line } from '../../layout/group';
import type { Placed } from '../../layout/place';
import { everything, type View } from '../../url/state';
import { columnsOf, neighbours } from './columns';
import { changesIn, faceFor, shortened, stateAt } from './face';
import { gather, rootsOf, windowFor, type GraphAnswer } from './gather';
import { labelsOf, nearOf } from './lines';
import { useGraph } from './useGraph';
import { hiddenTypes, listOf, switched, toggled, treeOf } from './words';

const node = (name: string, from = 0, to = Infinity): GraphNode => ({ key: name, ref: { cluster: 'demo', kind: 'Pod', name, uid: name }, stub: false, from, to, left: 0 });
const card = (...members: GraphNode[]): Card => ({ id: members[0]?.key ?? '', members, group: members.length > 1 });
const lane = (uid: string, more: Partial<Lane> = {}): Lane => ({ uid, bars: [], marks: [], records: 0, ...more });

describe('words', () => {
  it('hide the types that nobody asked to see, or all but those that somebody chose', () => {
    expect([...hiddenTypes('', ['owns', 'grants', 'mine'])]).toEqual(['grants']);
    expect([...hiddenTypes('grants', ['owns', 'grants', 'mine'])]).toEqual(['owns', 'mine']);
  });

  it('switch a type on and off, down to none', () => {
    const there = ['owns', 'selects'];
    expect(switched(there, new Set(), 'owns')).toBe('selects');
    expect(switched(there, new Set(['owns']), 'owns')).toBe('owns,selects');
    expect(switched(there, new Set(['selects']), 'owns')).toBe('none');
    expect(hiddenTypes('none', there).size).toBe(2);
  });

  it('are lists, of which the oldest go', () => {
    expect(listOf(toggled('a,b', 'a'))).toEqual(['b']);
    expect(toggled(toggled('', 'a'), 'a')).toBe('');
    expect(listOf(toggled(Array.from({ length: 60 }, (_, i) => `u${i}`).join(), 'new'))).toEqual([...Array.from({ length: 59 }, (_, i) => `u${i + 1}`), 'new']);
  });

  it.each([
    ['uid:1-2', { uid: '1-2' }],
    ['deploy/web', { kind: 'deploy', namespace: 'shop', name: 'web' }],
  ])('ask for the tree of %s', (object, want) => expect(treeOf({ ...everything, object, namespace: 'shop' }, {})).toMatchObject(want));

  it.each(['', 'web', '/web', 'deploy/'])('name no object by %j', (object) => expect(treeOf({ ...everything, object }, {})).toBeUndefined());
});

describe('a card', () => {
  const bars = [{ from: 10, to: 20, state: 'good', text: 'Running' }, { from: 20, state: 'bad' }];

  it.each([
    [5, undefined],
    [10, { state: 'good', text: 'Running' }],
    [20, { state: 'bad', text: 'bad' }],
    [99, { state: 'bad', text: 'bad' }],
  ])('at %i says %j', (at, want) => expect(stateAt(lane('a', { bars }), at)).toEqual(want));

  it('counts what changed the object, drawn one by one or by column', () => {
    const mark = (kind: string, noop = false) => ({ id: kind, at: 1, kind, noop }) as NonNullable<Lane['marks']>[number];
    expect(changesIn(lane('a', { marks: [mark('revision'), mark('revision', true), mark('end'), mark('request')], failed: 2 }))).toEqual({ changes: 2, failed: 2 });
    expect(changesIn(lane('a', { bins: [{ changes: 4 }, {}] as NonNullable<Lane['bins']> }))).toEqual({ changes: 4, failed: 0 });
    expect(changesIn(undefined)).toEqual({ changes: 0, failed: 0 });
  });

  it('tells whether it is over, or not there yet', () => {
    const lanes = new Map([['a', lane('a', { bars })]]);
    expect(faceFor(card(node('a', 10, 30)), 25, lanes)).toMatchObject({ state: 'bad', text: 'bad', away: '' });
    expect(faceFor(card(node('a', 10, 30)), 30, lanes).away).toBe('ended');
    expect(faceFor(card(node('a', 10, 30)), 5, lanes)).toMatchObject({ state: undefined, away: 'later' });
  });

  it('of a group tells how many are in which state, what is wrong first', () => {
    const lanes = new Map(['a', 'b', 'c', 'd'].map((uid) => [uid, lane(uid, { bars: [{ from: 0, state: uid === 'b' ? 'bad' : 'good' }], failed: 1 })]));
    const face = faceFor(card(node('a'), node('b'), node('c'), node('e')), 1, lanes);
    expect(face).toEqual({ state: 'bad', text: '', states: [['bad', 1], ['good', 2]], changes: 0, failed: 3, away: '' });
  });

  it('keeps the end of a long name', () => {
    expect([shortened('web', 5), shortened('web-587c67cbb8-x2k9q', 12), shortened('abcdef', 4)]).toEqual(['web', 'web-587…2k9q', 'ab…f']);
  });
});

describe('the strip', () => {
  it('counts changes by column, and knows those around a moment', () => {
    expect(columnsOf([0, 4, 9, 10, 35], 0, 10)).toEqual([[0, 3], [10, 1], [30, 1]]);
    expect(columnsOf([], 0, 10)).toEqual([]);
    expect([neighbours([1, 5, 9], 5), neighbours([1, 5, 9], 0), neighbours([], 3)]).toEqual([[1, 9], [undefined, 1], [undefined, undefined]]);
  });
});

describe('lines', () => {
  const line = (id: string, from: string, to: string, edges = 1): Line => ({ id, type: 'owns', from, to, edges: Array.from({ length: edges }, () => ({}) as Line['edges'][number]) });
  const lines = [line('l1', 'a', 'b'), line('l2', 'b', 'c', 3)];
  const grouped = { cards: [], lines, cardOf: new Map(), openOf: new Map() } as Grouped;

  it('are near to a card at either end, and to themselves', () => {
    expect(nearOf(grouped, undefined)).toBeUndefined();
    expect(nearOf(grouped, 'a')).toEqual({ cards: new Set(['a', 'b']), lines: new Set(['l1']) });
    expect(nearOf(grouped, 'l2')).toEqual({ cards: new Set(['b', 'c']), lines: new Set(['l2']) });
    expect(nearOf(grouped, 'alone')).toEqual({ cards: new Set(['alone']), lines: new Set() });
  });

  it('have labels that do not lie on each other', () => {
    const points = [{ x: 0, y: 0 }, { x: 100, y: 0 }];
    const labels = labelsOf([...lines, line('l3', 'c', 'd'), line('l4', 'd', 'e')], { lines: new Map([['l1', points], ['l2', points], ['l3', points]]) } as unknown as Placed);
    expect(labels.map(({ text }) => text)).toEqual(['owns', 'owns ×3']);
    expect((labels[1]?.y ?? 0) - (labels[0]?.y ?? 0)).toBeGreaterThan(15);
  });
});

const ref = (name: string, resource = 'pods', group = '') => ({ cluster: 'demo', group, resource, kind: resource, namespace: 'shop', name, uid: name });
const row = (name: string, resource = 'pods', group = '', parent = -1): Row => ({ ...ref(name, resource, group), parent, first: 1, last: 2 });
const seen = { complete: true, gaps: [] };

describe('the questions of a graph', () => {
  const rows = [row('p'), row('kube-root-ca.crt', 'configmaps'), row('svc', 'services'), row('web', 'deployments', 'apps'), row('p1', 'pods', '', 3)];

  it('begin with what nothing owns, workloads first', () => {
    expect(rootsOf(rows, false).map(({ name }) => name)).toEqual(['web', 'svc', 'p']);
    expect(rootsOf(rows, true).map(({ name }) => name)).toEqual(['svc']);
  });

  it('are of the window that was asked for, or of all that is there', () => {
    const graph = { nodes: new Map([['a', node('a', 5, 9)], ['b', node('b', -Infinity)]]), edges: new Map() };
    expect(windowFor({ from: 1, to: 2 }, undefined, graph)).toEqual({ from: 1, to: 2 });
    expect(windowFor({}, undefined, graph)).toEqual({ from: 5, to: 9 });
    expect(windowFor({}, undefined, { nodes: new Map(), edges: new Map() })).toEqual({ from: 0, to: 0 });
  });

  let asked: URL[] = [];
  let answers: Record<string, (url: URL) => unknown> = {};
  const trees: Record<string, unknown> = {
    web: { object: ref('web', 'deployments', 'apps'), nodes: [{ ...ref('web', 'deployments', 'apps'), parent: -1, depth: 0 }, { ...ref('p1'), parent: 0, depth: 1, via: { type: 'owns', rule: '', parent: ref('web', 'deployments', 'apps'), child: ref('p1'), certainty: 'exact' } }], coverage: seen },
    svc: { object: ref('svc', 'services'), nodes: [{ ...ref('svc', 'services'), parent: -1, depth: 0 }, { ...ref('p1'), parent: 0, depth: 1, via: { type: 'selects', rule: '', parent: ref('svc', 'services'), child: ref('p1'), certainty: 'exact' } }], coverage: seen },
  };

  beforeEach(() => {
    asked = [];
    forgetAnswers();
    answers = { tree: (url) => trees[url.searchParams.get('uid') ?? url.searchParams.get('name') ?? ''], rows: () => ({ from: 1, to: 100, rows, total: 5, coverage: seen }) };
    vi.stubGlobal('fetch', async (path: string) => {
      const url = new URL(path, 'http://here');
      asked.push(url);
      const answer = await answers[url.pathname.split('/').at(-1) ?? '']?.(url);
      return answer === undefined ? new Response('{"title":"gone"}', { status: 500 }) : new Response(JSON.stringify(answer));
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  const all = async (set: Partial<View['set']>, more: string[] = []) => {
    const told: [GraphAnswer, number][] = [];
    await gather({ ...everything, ...set }, {}, more, new AbortController().signal, (answer, waiting) => told.push([answer, waiting]));
    return told;
  };

  it('tell the object first, and what is linked to it as it comes in', async () => {
    const told = await all({ object: 'deploy/web', namespace: 'shop' });
    expect([...(told[0]?.[0].graph.nodes.keys() ?? [])]).toEqual(['web', 'p1']);
    expect(told[0]?.[1]).toBe(1);
    const [answer, waiting] = told.at(-1)!;
    expect([...answer.graph.nodes.keys()]).toEqual(['web', 'p1', 'svc']);
    expect([waiting, answer.root?.name, answer.window]).toEqual([0, 'web', { from: 1, to: 100 }]);
  });

  it('leave out a Service that reaches nothing of it', async () => {
    trees['svc'] = { ...(trees['svc'] as object), nodes: [{ ...ref('svc', 'services'), parent: -1, depth: 0 }, { ...ref('other'), parent: 0, depth: 1 }] };
    const told = await all({ object: 'deploy/web', namespace: 'shop' });
    expect([...told.at(-1)![0].graph.nodes.keys()]).toEqual(['web', 'p1']);
  });

  it('say whose links are not known, and go on', async () => {
    const told = await all({ namespace: 'shop' }, ['lost']);
    const { graph, notes } = told.at(-1)![0];
    expect([...graph.nodes.keys()]).toContain('web');
    expect(notes).toContain('The links of lost are not known: gone');
    expect(notes).toContain('kube-root-ca.crt, which every Pod mounts, is left out.');
    expect([...graph.nodes.keys()]).not.toContain('kube-root-ca.crt');
  });

  it('are not asked of everything where a word names no object', async () => {
    await expect(all({ object: 'web' })).rejects.toThrow(ApiError);
    await expect(all({ object: 'web' })).rejects.toThrow('kind/name');
    expect(asked).toEqual([]);
  });

  it('fail where there is neither object nor neighbours, and only lack neighbours where there is an object', async () => {
    answers['rows'] = () => undefined;
    await expect(all({ namespace: 'shop' })).rejects.toThrow('gone');
    const told = await all({ object: 'deploy/web', namespace: 'shop' });
    expect([...told.at(-1)![0].graph.nodes.keys()]).toEqual(['web', 'p1']);
  });

  it('take nothing away while a window follows, until the next graph is whole', async () => {
    const follows: View = { page: 'graph', set: { ...everything, object: 'deploy/web', namespace: 'shop' }, follow: 50, words: {} };
    const { result, rerender } = renderHook(({ to }) => useGraph(follows, window(to), to), { initialProps: { to: 100 } });
    await vi.waitFor(() => expect(result.current).toMatchObject({ waiting: 0, stale: false }));
    const first = result.current.answer?.graph;
    let go = (): void => undefined;
    answers['rows'] = () => new Promise((resolve) => (go = () => resolve({ from: 1, to: 101, rows, total: 5, coverage: seen })));
    rerender({ to: 101 });
    await vi.waitFor(() => expect(asked.at(-1)?.toString()).toMatch(/rows.*000101Z$/));
    expect(result.current).toMatchObject({ waiting: 0, stale: false });
    expect(result.current.answer?.graph).toBe(first);
    await act(async () => go());
    await vi.waitFor(() => expect(result.current.answer?.window.to).toBe(101));
    expect(result.current.answer?.graph).not.toBe(first);
  });
});

const windows = new Map<number, { from: number; to: number }>();
/** The same value for the same window, as the page has it. */
function window(to: number) {
  const known = windows.get(to) ?? { from: to - 50, to };
  windows.set(to, known);
  return known;
}
