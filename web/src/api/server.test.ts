import { expect, it } from 'vitest';
import { parseMoment } from '../time/moment';
import { boundsOf } from './server';
import type { ClusterInfo } from './types';

const cluster = (name: string, first?: string, last?: string): ClusterInfo => ({ name, epochs: 1, objects: 1, ...(first ? { first } : {}), ...(last ? { last } : {}) });
const [early, late, later] = ['2026-11-21T15:00:00Z', '2026-11-21T16:00:00Z', '2026-11-21T17:00:00.5Z'] as const;
const all = [cluster('a', early, late), cluster('b', late, later), cluster('empty')];

it('what is recorded of all clusters goes from the first fact to the newest', () => {
  expect(boundsOf(all)).toEqual({ from: parseMoment(early), to: parseMoment(later) });
});

it('what is recorded of one cluster is that one’s', () => {
  expect(boundsOf(all, 'b')).toEqual({ from: parseMoment(late), to: parseMoment(later) });
});

it('of what holds nothing there are no bounds', () => {
  expect(boundsOf(all, 'empty')).toEqual({});
  expect(boundsOf(all, 'elsewhere')).toEqual({});
  expect(boundsOf([])).toEqual({});
});
