import { afterEach, expect, it, vi } from 'vitest';
import { keepNumber, keptNumber } from './kept';
import { mostLabels } from './labels';

afterEach(() => vi.unstubAllGlobals());

it('a width is kept, and one that is none is not', () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
  expect(keptNumber('w', 100)).toBeUndefined();
  keepNumber('w', 320.4);
  expect(keptNumber('w', 100)).toBe(320);
  expect(keptNumber('w', 400)).toBeUndefined();
  kept.set('w', 'wide');
  expect(keptNumber('w', 100)).toBeUndefined();
});

it('storage that is closed to us fails nothing', () => {
  const closed = () => {
    throw new Error('SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: closed, setItem: closed });
  expect(() => keepNumber('w', 300)).not.toThrow();
  expect(keptNumber('w', 100)).toBeUndefined();
});

it('labels take half of the picture at most', () => {
  expect([1000, 390, 200].map(mostLabels)).toEqual([500, 195, 140]);
});
