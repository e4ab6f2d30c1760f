import { describe, expect, it } from 'vitest';
import type { ClusterInfo } from '../api/types';
import { lackOf } from './Unrecorded';

const cluster = (name: string, last?: string): ClusterInfo => ({ name, incarnations: [], epochs: 1, objects: last ? 1 : 0, ...(last ? { first: last, last } : {}) });
const demo = cluster('demo', '2026-11-21T15:26:46Z');

describe('lackOf', () => {
  it.each([
    ['an answer that is not there yet', undefined, '', undefined],
    ['an empty store', [], '', 'anything'],
    ['an empty store, of a cluster', [], 'prod', 'anything'],
    ['a cluster of which nothing came yet', [cluster('prod')], '', 'anything'],
    ['a cluster whose objects have no times', [{ ...cluster('prod'), objects: 3 }], '', undefined],
    ['a store that holds something', [demo], '', undefined],
    ['a cluster that it holds', [demo], 'demo', undefined],
    ['a cluster that it does not hold', [demo], 'prod', 'cluster'],
  ])('is, for %s', (_, clusters, name, want) => {
    expect(lackOf(clusters, name)).toBe(want);
  });
});
