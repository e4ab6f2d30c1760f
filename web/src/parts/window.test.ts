import { expect, it } from 'vitest';
import { minute, second } from '../time/moment';
import { everything, type View } from '../url/state';
import { around, followNow, lastOf, shifted, windowOf, zoomed } from './window';

const view = (more: Partial<View> = {}): View => ({ page: 'timeline', set: everything, words: {}, ...more });
const bounds = { from: 0, to: 100 * second };

it('a window is what the view says, and what is recorded where it leaves it open', () => {
  expect(windowOf(view(), bounds)).toEqual(bounds);
  expect(windowOf(view({ from: 5 }), bounds)).toEqual({ from: 5, to: bounds.to });
  expect(windowOf(view(), undefined)).toEqual({});
});

it('a window that follows ends behind the newest fact', () => {
  expect(windowOf(view({ follow: 10 * second }), bounds)).toEqual({ from: 90 * second, to: 100 * second + 1 });
  expect(windowOf(view({ follow: second }), undefined)).toEqual({});
});

it('the last stretch goes on following where one follows', () => {
  expect(lastOf(view(), minute, bounds)).toEqual({ from: 40 * second, to: 100 * second + 1, follow: undefined });
  expect(lastOf(view({ follow: second }), minute, bounds)).toEqual(followNow(minute));
});

it('steps and zooms', () => {
  const now = { from: 100, to: 200 };
  expect(shifted(now, -0.5)).toEqual({ from: 50, to: 150, follow: undefined });
  expect(zoomed(now, 2)).toEqual({ from: 50, to: 250, follow: undefined });
  expect(zoomed(now, 0.5, 100)).toEqual({ from: 100, to: 150, follow: undefined });
  expect(zoomed(now, 2, 5000)).toEqual(zoomed(now, 2));
  expect(zoomed({ from: 0, to: 12 }, 0.5)).toBeUndefined();
  expect(shifted({ from: 1 }, 1)).toBeUndefined();
  expect(around(100, 50)).toEqual({ from: 75, to: 125, follow: undefined });
});
