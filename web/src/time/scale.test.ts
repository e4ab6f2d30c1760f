import { describe, expect, it } from 'vitest';
import { hour, minute, second } from './moment';
import { between, clampedTo, hullOf, pannedBy, scaleOf, shortest, timeAt, withMargin, xOf, zoomedAt } from './scale';

const t0 = 1_795_183_200_000_000;
const scale = scaleOf({ from: t0, to: t0 + hour }, 1000);

describe('scales', () => {
  it('go from time to x and back', () => {
    for (const x of [0, 1, 333, 999, 1000]) expect(xOf(scale, timeAt(scale, x))).toBeCloseTo(x, 3);
    expect(xOf(scale, t0 + 30 * minute)).toBe(500);
    expect(xOf(scale, t0 - hour)).toBe(-1000);
  });

  it.each([[0, 2], [250, 10], [999, 0.5], [500, 1000], [100, 0.01]])('zoom at x %f by %f keeps what is there', (x, factor) => {
    const at = timeAt(scale, x);
    const next = scaleOf(zoomedAt(scale, x, factor), 1000);
    expect(Math.abs(xOf(next, at) - x)).toBeLessThan(0.01);
    expect((next.to - next.from) * factor).toBeCloseTo(hour, -2);
  });

  it('end at their shortest', () => {
    const next = zoomedAt(scale, 500, 1e12);
    expect(next.to - next.from).toBe(shortest);
  });

  it('pan by pixels', () => {
    expect(pannedBy(scale, 100)).toEqual({ from: t0 + 6 * minute, to: t0 + 66 * minute });
  });

  it('stay near their bounds', () => {
    const bounds = { from: t0, to: t0 + hour };
    expect(clampedTo({ from: t0 + 10 * hour, to: t0 + 11 * hour }, bounds)).toEqual({ from: t0 + 54 * minute, to: t0 + 114 * minute });
    expect(clampedTo({ from: t0 - 11 * hour, to: t0 - 10 * hour }, bounds)).toEqual({ from: t0 - 54 * minute, to: t0 + 6 * minute });
    const wide = clampedTo({ from: t0 - 100 * hour, to: t0 + 101 * hour }, bounds);
    expect(wide).toEqual({ from: t0 - hour, to: t0 + 2 * hour });
    expect(clampedTo({ from: t0 + 5, to: t0 + minute }, bounds)).toEqual({ from: t0 + 5, to: t0 + minute });
  });

  it('go from one window to another by way of what both show', () => {
    const near = { from: t0 + 10 * minute, to: t0 + 10 * minute + second };
    expect(between(scale, near, 0)).toBe(scale);
    expect(between(scale, near, 1)).toBe(near);
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const now = between(scale, near, share);
      expect(now.from).toBeLessThanOrEqual(near.from);
      expect(now.to).toBeGreaterThanOrEqual(near.to);
    }
    expect(between({ from: 0, to: 10 }, { from: 10, to: 20 }, 0.5)).toEqual({ from: 5, to: 15 });
  });

  it('have margins and hulls', () => {
    expect(withMargin({ from: 1000, to: 2000 }, 0.1)).toEqual({ from: 900, to: 2100 });
    expect(hullOf([{ from: 5, to: 6 }, { from: 1, to: 2 }])).toEqual({ from: 1, to: 6 });
    expect(hullOf([])).toBeUndefined();
  });
});
