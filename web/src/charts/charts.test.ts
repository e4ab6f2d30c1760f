import { describe, expect, it } from 'vitest';
import type { Gap } from '../api/types';
import { dragged, gripAt, keyed, momentAt, pixelOf, shifted, type Axis } from './brush';
import { columnPath, columnsOf, heightOf, niceAbove, notchPath, rise, totals } from './columns';
import { holesOf, isHole, sharedHoles } from './holes';
import { barOf, joined, within } from './stretches';

describe('columns', () => {
  const columns = columnsOf({ from: 1000, to: 2000, bin: 100, bins: [{ bin: 0, changes: 3 }, { bin: 9, failed: 1, changes: 2 }, { bin: 10, normal: 4 }, { bin: 11, warning: 9 }] });

  it('are as many as fit the window, and hold what the bins say', () => {
    expect(columns.length).toBe(10);
    expect([...columns.of.changes]).toEqual([3, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  it('count the newest fact, at the very end, in the last one; what lies outside not at all', () => {
    expect(columns.of.normal[9]).toBe(4);
    expect([...columns.of.warning]).toEqual(Array(10).fill(0));
  });

  it('are none for an empty window', () => {
    expect(columnsOf({ from: 5, to: 5, bin: 0, bins: null }).length).toBe(0);
  });

  it('are summed by their middle', () => {
    expect(totals(columns, 1000, 1049).changes).toBe(0);
    expect(totals(columns, 1000, 1051).changes).toBe(3);
    expect(totals(columns, 1000, 2000)).toMatchObject({ changes: 5, failed: 1, normal: 4 });
  });

  it('are summed whole where the last one is only begun', () => {
    const begun = columnsOf({ from: 0, to: 85, bin: 40, bins: [{ bin: 0, changes: 1 }, { bin: 2, changes: 7 }] });
    expect(totals(begun, 0, 86).changes).toBe(8);
  });
});

describe('heights', () => {
  it.each([[0, 1], [1, 1], [1.5, 2], [3, 5], [7, 10], [10, 10], [101, 200], [4999, 5000]])('above %d: %d', (value, want) => {
    expect(niceAbove(value)).toBe(want);
  });

  it('cut a few columns that tower over all others, and say so', () => {
    const usual = Float64Array.from({ length: 40 }, (_, i) => 4 + (i % 3));
    expect(heightOf(usual)).toEqual({ top: 10, cut: false });
    usual[0] = 500;
    expect(heightOf(usual)).toEqual({ top: 10, cut: true });
    expect(heightOf(Float64Array.from([1, 500]))).toEqual({ top: 500, cut: false });
  });

  it('of one among thousands is seen, of none is not', () => {
    const track = { height: 40, top: 5000 };
    expect([rise(0, track), rise(1, track), rise(2500, track), rise(9000, track)]).toEqual([0, 2, 20, 40]);
  });
});

describe('paths', () => {
  const track = { left: 10, width: 100, base: 50, height: 40, top: 10, gap: 2 };

  it('stand on the base, or on what is below', () => {
    expect(columnPath(Float64Array.from([5, 0]), track)).toBe('M10 50h48V30h-48z');
    expect(columnPath(Float64Array.from([5, 0]), track, Float64Array.from([5, 5]))).toBe('M10 30h48V10h-48z');
  });

  it('have a notch where they are cut', () => {
    expect(notchPath(Float64Array.from([10, 10]), track)).toBe('');
    expect(notchPath(Float64Array.from([10, 11]), track)).toMatch(/^M59\.5 15/);
  });
});

describe('brush', () => {
  const axis: Axis = { from: 1000, to: 2000, left: 50, width: 500 };
  const chosen = { from: 1200, to: 1400 };

  it('goes from pixels to moments and back, within the axis', () => {
    expect([momentAt(50, axis), momentAt(300, axis), momentAt(9999, axis), momentAt(0, axis)]).toEqual([1000, 1500, 2000, 1000]);
    expect(pixelOf(1500, axis)).toBe(300);
  });

  it('takes an edge, the window, or begins a new one', () => {
    expect(gripAt(152, axis, chosen).does).toBe('from');
    expect(gripAt(247, axis, chosen).does).toBe('to');
    expect(gripAt(200, axis, chosen).does).toBe('move');
    expect(gripAt(400, axis, chosen).does).toBe('new');
    expect(gripAt(200, axis, undefined).does).toBe('new');
  });

  it('takes the nearer edge of a window that is narrower than both grips', () => {
    expect(gripAt(203, axis, { from: 1300, to: 1304 }).does).toBe('to');
    expect(gripAt(199, axis, { from: 1300, to: 1304 }).does).toBe('from');
  });

  it('draws a window either way, and none for a click', () => {
    const grip = gripAt(300, axis, undefined);
    expect(dragged(grip, 350, axis)).toEqual({ from: 1500, to: 1600 });
    expect(dragged(grip, 250, axis)).toEqual({ from: 1400, to: 1500 });
    expect(dragged(grip, 301, axis)).toBeUndefined();
  });

  it('moves a window no farther than its bounds, and edges past each other', () => {
    expect(dragged({ does: 'move', origin: 1300, was: chosen }, 9999, axis)).toEqual({ from: 1800, to: 2000 });
    expect(dragged({ does: 'from', was: chosen }, pixelOf(1500, axis), axis)).toEqual({ from: 1400, to: 1500 });
    expect(shifted({ from: 0, to: 5000 }, 10, axis)).toEqual({ from: 0, to: 5000 });
  });

  it.each([
    [{ key: 'ArrowRight' }, { from: 1250, to: 1450 }],
    [{ key: 'ArrowLeft' }, { from: 1150, to: 1350 }],
    [{ key: 'ArrowRight', shiftKey: true }, { from: 1200, to: 1450 }],
    [{ key: 'ArrowLeft', shiftKey: true }, { from: 1200, to: 1350 }],
    [{ key: 'ArrowLeft', altKey: true }, { from: 1150, to: 1400 }],
    [{ key: 'ArrowRight', altKey: true }, { from: 1250, to: 1400 }],
    [{ key: 'Home' }, { from: 1000, to: 1200 }],
    [{ key: 'End' }, { from: 1800, to: 2000 }],
    [{ key: 'Escape' }, 'clear'],
    [{ key: 'x' }, undefined],
  ])('hears %j', (pressed, want) => {
    expect(keyed(pressed, chosen, axis, 50)).toEqual(want);
  });

  it('begins with a key where nothing is chosen, and never shrinks to nothing', () => {
    expect(keyed({ key: 'ArrowLeft' }, undefined, axis, 50)).toEqual({ from: 1900, to: 2000 });
    expect(keyed({ key: 'ArrowRight' }, undefined, axis, 50)).toEqual({ from: 1000, to: 1100 });
    expect(keyed({ key: 'Escape' }, undefined, axis, 50)).toBeUndefined();
    expect(keyed({ key: 'ArrowLeft', shiftKey: true }, { from: 1200, to: 1250 }, axis, 50)).toEqual({ from: 1200, to: 1250 });
  });
});

describe('stretches', () => {
  const window = { from: 100, to: 200 };

  it.each([
    [{ to: 150 }, { from: 100, to: 150 }],
    [{ from: 150 }, { from: 150, to: 200 }],
    [{}, window],
    [{ from: 120, to: 120 }, { from: 120, to: 120 }],
    [{ to: 99 }, undefined],
    [{ from: 201 }, undefined],
  ])('%j within a window', (stretch, want) => {
    expect(within(stretch, window)).toEqual(want);
  });

  it('are joined where they touch', () => {
    expect(joined([{ from: 5, to: 9 }, { from: 1, to: 3 }, { from: 3, to: 4 }, { from: 6, to: 7 }])).toEqual([{ from: 1, to: 4 }, { from: 5, to: 9 }]);
  });

  it('are never too thin to be seen, nor outside of the picture', () => {
    expect(barOf({ from: 200, to: 200 }, window, 50)).toEqual({ x: 47, width: 3 });
    expect(barOf({ from: 100, to: 150 }, window, 50)).toEqual({ x: 0, width: 25 });
  });
});

describe('holes', () => {
  const at = (second: number) => `1970-01-01T00:00:${String(second).padStart(2, '0')}Z`;
  const gap = (reason: string, cluster: string, from?: number, to?: number, resource = ''): Gap => ({
    reason, scope: { cluster, ...(resource ? { resource } : {}) }, sentence: '', ...(from === undefined ? {} : { from: at(from) }), ...(to === undefined ? {} : { to: at(to) }),
  });
  const window = { from: 0, to: 50_000_000 };
  const told = (gaps: Gap[], clusters: string[]) => sharedHoles(gaps, clusters, window).map((hole) => [hole.from / 1e6, hole.to / 1e6, hole.partly ?? false]);

  it('are stretches of a window; an edge that lies outside of it is none', () => {
    expect(holesOf([gap('before-recording', 'a', undefined, 0), gap('dropped', 'a', 55), gap('dropped', 'a', 40)], window).map((hole) => [hole.from, hole.to])).toEqual([[40_000_000, 50_000_000]]);
  });

  it('are no statements about a whole window', () => {
    expect([gap('not-watched', 'a'), gap('not-watched', 'a', 1, 2), gap('level', 'a', 1, 2), gap('dropped', 'a', 1), gap('dropped', 'a'), gap('epoch', 'a', 1)].map(isHole)).toEqual([false, true, false, true, false, false]);
  });

  it('of several clusters are whole only where none was seen', () => {
    const gaps = [gap('before-recording', 'a', undefined, 10), gap('after-recording', 'a', 20), gap('before-recording', 'b', undefined, 30), gap('after-recording', 'b', 40)];
    expect(told(gaps, ['a'])).toEqual([[0, 10, false], [20, 50, false]]);
    expect(told(gaps, ['a', 'b'])).toEqual([[0, 10, false], [20, 30, false], [40, 50, false]]);
    expect(told(gaps, ['a', 'b', 'c'])).toEqual([]);
  });

  it('of some resources, or of one cluster among several, are so in part', () => {
    expect(told([gap('watch-missed', 'a', 5, 6, 'pods'), gap('dropped', 'a', 8, 9)], ['a'])).toEqual([[8, 9, false], [5, 6, true]]);
    expect(told([gap('dropped', 'a', 8, 9)], ['a', 'b'])).toEqual([[8, 9, true]]);
  });
});
