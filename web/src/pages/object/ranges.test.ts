import { describe, expect, it } from 'vitest';
import type { Mark } from '../../api/types';
import { rangeAround, rangesOf } from './ranges';

const lanes = { from: 1000, to: 2000, bin: 10 };
const mark = (at: number): Mark => ({ id: String(at), at, kind: 'request' });

describe('ranges of a long history', () => {
  it('hold about as many records each, without a hole', () => {
    const bins = [{ bin: 0, changes: 3 }, { bin: 10, reads: 1, normal: 2, warning: 1 }, { bin: 50, changes: 1 }, { bin: 60, spans: 9 }];
    expect(rangesOf(lanes, { bins, marks: [mark(1505)] }, 5)).toEqual([{ from: 1000, to: 1110 }, { from: 1110, to: 1610 }, { from: 1610, to: 2000 }]);
  });
  it('are one for little, and for nothing', () => {
    expect(rangesOf(lanes, { marks: [mark(1500)] }, 5)).toEqual([{ from: 1000, to: 2000 }]);
    expect(rangesOf({ from: 1000, to: 1000, bin: 10 }, { marks: null }, 5)).toEqual([{ from: 1000, to: 1001 }]);
  });
  it('are read with their neighbours', () => {
    const ranges = [{ from: 0, to: 10 }, { from: 10, to: 20 }, { from: 20, to: 30 }, { from: 30, to: 40 }];
    const at = (moment?: number) => rangeAround(ranges, moment);
    expect([at(0), at(10), at(25), at(99), at()]).toEqual([{ from: 0, to: 20 }, { from: 0, to: 30 }, { from: 10, to: 40 }, { from: 20, to: 40 }, { from: 20, to: 40 }]);
    expect(rangeAround([], 5)).toBeUndefined();
  });
});
