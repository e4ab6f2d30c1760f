import { expect, it } from 'vitest';
import { mostLabels } from './labels';

it('labels take half of the picture at most', () => {
  expect([1000, 390, 200].map(mostLabels)).toEqual([500, 195, 140]);
});
