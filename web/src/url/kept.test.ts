import { afterEach, expect, it, vi } from 'vitest';
import { keep, keepNumber, kept, keptNumber } from './kept';

afterEach(() => vi.unstubAllGlobals());

it('a text is kept, and an empty one takes it away', () => {
  const stored = new Map<string, string>();
  vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value), removeItem: (key: string) => stored.delete(key) });
  expect(kept('t')).toBe('');
  expect(keep('t', 'text')).toBe(true);
  expect(kept('t')).toBe('text');
  expect(keep('t', '')).toBe(true);
  expect(stored.size).toBe(0);
});

it('a width is kept, and one that is none is not', () => {
  const stored = new Map<string, string>();
  vi.stubGlobal('localStorage', { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value) });
  expect(keptNumber('w', 100)).toBeUndefined();
  keepNumber('w', 320.4);
  expect(keptNumber('w', 100)).toBe(320);
  expect(keptNumber('w', 400)).toBeUndefined();
  stored.set('w', 'wide');
  expect(keptNumber('w', 100)).toBeUndefined();
});

it('storage that is closed to us fails nothing, and says so', () => {
  const closed = () => {
    throw new Error('SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: closed, setItem: closed, removeItem: closed });
  expect(keep('t', 'text')).toBe(false);
  expect(kept('t')).toBe('');
  expect(() => keepNumber('w', 300)).not.toThrow();
  expect(keptNumber('w', 100)).toBeUndefined();
});
