import { describe, expect, it } from 'vitest';
import { boxTowards, firstLens, fitting, labelPoint, pathOf, revealing, zoomedAround, type Direction } from './place';

const box = (x: number, y: number) => ({ x, y, width: 100, height: 40 });
const boxes = new Map([['a', box(0, 0)], ['b', box(200, 0)], ['c', box(200, 100)], ['d', box(0, 300)]]);

describe('boxTowards', () => {
  it.each<[string, Direction, string | undefined]>([
    ['a', 'right', 'b'], ['b', 'left', 'a'], ['b', 'down', 'c'], ['c', 'up', 'b'], ['a', 'down', 'd'], ['a', 'left', undefined], ['c', 'left', 'a'],
  ])('from %s to the %s: %s', (from, direction, want) => {
    expect(boxTowards(boxes, from, direction)).toBe(want);
  });

  it('begins anywhere where nothing is chosen', () => {
    expect(boxTowards(boxes, 'gone', 'up')).toBe('a');
  });
});

describe('pathOf', () => {
  it('rounds corners, but not more than the pieces are long', () => {
    expect(pathOf([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 40 }])).toBe('M0 0L5 0Q10 0 10 5L10 40');
    expect(pathOf([{ x: 0, y: 0 }, { x: 9, y: 0 }])).toBe('M0 0L9 0');
    expect(pathOf([])).toBe('');
  });

  it('labels the longest piece', () => {
    expect(labelPoint([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 100 }])).toEqual({ x: 10, y: 50 });
  });
});

describe('lenses', () => {
  it('fits everything, in the middle, not larger than life', () => {
    const lens = fitting({ x: 0, y: 0, width: 2000, height: 100 }, 1000, 500, 0);
    expect(lens).toEqual({ scale: 0.5, x: 0, y: -450 });
    expect(fitting({ x: 0, y: 0, width: 10, height: 10 }, 1000, 500).scale).toBe(1.1);
  });

  it('zooms around a point', () => {
    const before = { x: 10, y: 20, scale: 1 };
    const after = zoomedAround(before, 300, 200, 2);
    expect([after.x + 300 / after.scale, after.y + 200 / after.scale]).toEqual([310, 220]);
  });

  it('moves only as far as is needed', () => {
    const lens = { x: 0, y: 0, scale: 1 };
    expect(revealing(lens, box(100, 100), 800, 600)).toEqual(lens);
    expect(revealing(lens, box(900, 100), 800, 600)).toEqual({ x: 240, y: 0, scale: 1 });
    expect(revealing(lens, box(-50, 100), 800, 600)).toEqual({ x: -90, y: 0, scale: 1 });
  });
});

describe('firstLens', () => {
  const around = { x: 3000, y: 500, width: 200, height: 40 };

  it.each([['as wide as what is seen', 1000], ['nearly twice as wide', 1800]])('shows whole what is %s', (_, width) => {
    const content = { x: 0, y: 0, width, height: 400 };
    const lens = firstLens(content, 1000, 600, around);
    expect(lens).toEqual(fitting(content, 1000, 600));
    expect([lens.x <= 0, lens.x + 1000 / lens.scale >= width]).toEqual([true, true]);
  });

  it('begins at a box where the whole could not be read', () => {
    expect(firstLens({ x: 0, y: 0, width: 5000, height: 1000 }, 1000, 600, around)).toEqual({ scale: 0.75, x: 2660, y: 120 });
  });

  it('begins at the left edge where the box is there', () => {
    expect(firstLens({ x: 0, y: 0, width: 5000, height: 1000 }, 1000, 600, { x: 0, y: 500, width: 0, height: 0 }).x).toBe(-40);
  });
});
