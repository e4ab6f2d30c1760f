import { describe, expect, it } from 'vitest';
import type { Entry, Lane, TreeNode } from '../../api/types';
import { everything, type View } from '../../url/state';
import { chainOf } from './chain';
import { candidateOf } from './candidate';
import { stateAt, stripOfHistory } from './strip';

const entry = (kind: Entry['kind'], second: number, part: Partial<Entry> = {}): Entry => ({
  id: `${kind}${second}`, kind, when: { at: `2026-11-21T15:26:0${second}Z` }, summary: `${kind} ${second}`, ...part,
});

describe('the strip of a history', () => {
  const window = { from: 1795274760000000, to: 1795274770000000 };
  const strip = stripOfHistory(
    [
      entry('revision', 1, { verb: 'create' }),
      entry('request', 2, { verb: 'update', code: 409 }),
      entry('revision', 3, { certainty: 'inferred' }),
      entry('event', 4, { event: { type: 'Warning' } as Entry['event'] & object }),
      entry('gap', 5, { gap: { reason: 'watch', scope: { cluster: 'c' }, from: '2026-11-21T15:26:05Z', sentence: 'It was not watched.' } }),
      entry('end', 6),
    ],
    window,
  );
  const at = (second: number) => window.from + second * 1_000_000;

  it('has a bar for each state, until the next or the end', () => {
    expect(strip.bars).toEqual([
      { from: at(1), to: at(3), state: 'there', id: 'revision1' },
      { from: at(3), to: at(6), state: 'there', id: 'revision3', soft: 'inferred' },
    ]);
  });
  it('has a mark for each record but gaps, which are unknown stretches', () => {
    expect(strip.marks.map(({ id, failed, severity }) => [id, failed ?? false, severity ?? ''])).toEqual([
      ['revision1', false, ''], ['request2', true, ''], ['revision3', false, ''], ['event4', false, 'Warning'], ['end6', false, ''],
    ]);
    expect(strip.unknown).toEqual([{ reason: 'watch', sentence: 'It was not watched.', from: at(5) }]);
  });
});

describe('the state at a moment', () => {
  const lane = { uid: 'u', records: 0, marks: null, bars: [{ from: 10, to: 20, state: 'bad' }, { from: 20, state: 'good' }] } satisfies Lane;
  it.each([[5, undefined], [10, 'bad'], [19, 'bad'], [20, 'good'], [99, 'good'], [undefined, undefined]] as const)('%s is %s', (at, want) => {
    expect(stateAt(lane, at)?.state).toBe(want);
  });
  it('of no lane is none', () => {
    expect(stateAt(undefined, 5)).toBeUndefined();
  });
});

describe('owners', () => {
  const node = (name: string, parent: number, asked = false): TreeNode => ({ cluster: 'c', name, parent, depth: 0, asked });
  it('are the chain above, from the outermost', () => {
    expect(chainOf([node('deploy', -1), node('rs', 0), node('pod', 1, true)]).map((n) => n.name)).toEqual(['deploy', 'rs']);
    expect(chainOf([node('a', -1, true)])).toEqual([]);
    expect(chainOf([])).toEqual([]);
  });
});

describe('candidates', () => {
  const view: View = { page: 'object', set: everything, words: { tab: 'diff' }, object: { cluster: 'c', kind: 'pods', namespace: 'shop', name: 'x', uid: '' } };
  it.each([
    ['deployments.apps/web -n shop', '', { kind: 'deployments.apps', name: 'web', namespace: 'shop' }],
    ['roles.rbac.authorization.k8s.io/system::leader -n kube-system', '', { name: 'system::leader', namespace: 'kube-system' }],
    ['nodes/node-0', '', { kind: 'nodes', name: 'node-0', namespace: '' }],
    ['demo', 'cluster "x" is not recorded; recorded are demo', { cluster: 'demo', name: 'x' }],
    ['node', 'no kind of object is called "nope"', { kind: 'node', name: 'x' }],
  ])('%s leads to its page', (text, message, want) => {
    expect(candidateOf(view, text, message)?.to.object).toMatchObject(want);
  });
  it('that are no object lead nowhere', () => {
    expect(candidateOf(view, 'something else')).toBeUndefined();
  });
});
