import { describe, expect, it } from 'vitest';
import { hour, second } from '../time/moment';
import { scaleOf } from '../time/scale';
import { above, binOf, lastLevel, levelFor, spanOf, tileBins, tileKey, tilesOf, tileWindow } from './tiles';

const t0 = 1_795_183_200_000_000;

describe('tiles', () => {
  it('have columns of 1.5 to 3 pixels at every zoom', () => {
    for (let perPixel = 1; perPixel < 1e12; perPixel *= 1.31) {
      const pixels = binOf(levelFor(perPixel)) / perPixel;
      expect(pixels).toBeGreaterThanOrEqual(1.5);
      expect(pixels).toBeLessThan(3);
    }
    expect(levelFor(0.01)).toBe(0);
    expect(levelFor(1e20)).toBe(lastLevel);
  });

  it.each([1000, second, hour, 900 * hour])('cover a window of %d µs with few', (span) => {
    const scale = scaleOf({ from: t0 + 12_345, to: t0 + 12_345 + span }, 1100);
    const { level, first, last } = tilesOf(scale);
    expect(tileWindow(level, first).from).toBeLessThanOrEqual(scale.from);
    expect(tileWindow(level, last).to).toBeGreaterThanOrEqual(scale.to);
    expect(last - first).toBeLessThanOrEqual(2);
    expect(tileWindow(level, first).to).toBe(tileWindow(level, first + 1).from);
  });

  it('meet the same tiles while panning', () => {
    const range = (x: number) => tilesOf(scaleOf({ from: t0 + x, to: t0 + x + hour }, 1000));
    const a = range(0);
    expect(range(1_000_000)).toEqual(a);
    expect(range(7)).toEqual(a);
  });

  it('lie in those of coarser levels', () => {
    for (const index of [0, 5, 104_567, 3_506_217_000]) {
      const own = tileWindow(4, index);
      const outer = tileWindow(7, above(index, 3));
      expect(outer.from).toBeLessThanOrEqual(own.from);
      expect(outer.to).toBeGreaterThanOrEqual(own.to);
    }
    expect(spanOf(3)).toBe(8 * tileBins);
    expect(tileKey(4, 7)).not.toBe(tileKey(7, 4));
  });
});
