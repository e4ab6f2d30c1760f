import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { go } from '../../url/useView';
import { WindowWriter } from './WindowWriter';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function writer() {
  const put = vi.fn<typeof go>();
  const one = new WindowWriter(put);
  one.setExtent({ from: 0, to: 1000 });
  return { put, one };
}

const moving = { settled: false, jump: false };

it('a window that moves is written once in a while, the last one of it', () => {
  const { put, one } = writer();
  for (let from = 1; from <= 10; from++) one.write({ from, to: from + 100 }, moving);
  expect(put).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(put.mock.calls).toEqual([[{ from: 10, to: 110, follow: undefined }, { replace: false }]]);
  one.write({ from: 11, to: 111 }, { settled: true, jump: false });
  expect(put).toHaveBeenLastCalledWith({ from: 11, to: 111, follow: undefined }, { replace: true });
});

it('all that there is needs no words', () => {
  const { put, one } = writer();
  one.write({ from: 0, to: 1000 }, { settled: true, jump: true });
  expect(put).toHaveBeenCalledWith({ from: undefined, to: undefined, follow: undefined }, { replace: false });
});

it('what it wrote is no news, but what stood there before is', () => {
  const { one } = writer();
  one.write({ from: 5, to: 6 }, { settled: true, jump: true });
  expect(one.isNews({ from: 5, to: 6 })).toBe(false);
  expect(one.isNews({ from: 1, to: 2 })).toBe(true);
  expect(one.isNews({ from: 5, to: 6 })).toBe(true);
});

it('a window that was about to be written does not overwrite the one that Back led to', () => {
  const { put, one } = writer();
  one.write({ from: 5, to: 6 }, moving);
  expect(one.isNews({ from: 1, to: 2 })).toBe(true);
  vi.runAllTimers();
  expect(put).not.toHaveBeenCalled();
});
