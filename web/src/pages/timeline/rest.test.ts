import { expect, it } from 'vitest';
import { Rest } from './rest';

it('begins an entry of the history with jumps, and with the first movement after a rest', () => {
  const rest = new Rest();
  const moves: [boolean, number][] = [[false, 0], [false, 200], [false, 2100], [true, 2200], [false, 4000], [false, 6001], [false, 6002]];
  expect(moves.map(([jump, now]) => rest.begins(jump, now))).toEqual([true, false, false, true, false, true, false]);
});
