import { describe, expect, it } from 'vitest';
import { scaleOf } from '../time/scale';
import { alertsBefore, columnsOf } from './columns';
import { eventNear, hitAt } from './hit';
import { layOut } from './spans';
import { moment, span } from './testdata/spans';

const change = [{ key: 'record', value: 'revision' }];
const warning = [{ key: 'record', value: 'event' }, { key: 'type', value: 'Warning' }];
const spans = layOut({
  spans: [
    span('a', '', 0, 1000, { events: [{ at: moment(100), name: 'x', attrs: change }, { at: moment(104), name: 'y', attrs: warning }, { at: moment(500), name: 'z', attrs: change }] }),
    span('b', 'a', 200, 210),
  ],
});
const rows = Int32Array.of(0, 1);
/** One pixel is a microsecond. */
const scale = scaleOf({ from: spans.from, to: spans.from + 1000 }, 1000);

describe('hitAt', () => {
  it.each([
    ['an event', 499, 5, { span: 0, event: 2, on: true }],
    ['the more important of two that are as near', 102, 5, { span: 0, event: 1, on: true }],
    ['the bar', 300, 5, { span: 0, event: -1, on: true }],
    ['the bar of the second row', 205, 30, { span: 1, event: -1, on: true }],
    ['just beside a short bar', 215, 30, { span: 1, event: -1, on: true }],
    ['the row alone', 700, 30, { span: 1, event: -1, on: false }],
  ])('%s', (_, x, y, want) => {
    expect(hitAt(spans, rows, scale, x, y, 24)).toMatchObject(want);
  });

  it('hits nothing above the first and below the last row', () => {
    expect([hitAt(spans, rows, scale, 5, -1, 24), hitAt(spans, rows, scale, 5, 48, 24)]).toEqual([undefined, undefined]);
  });
});

describe('columnsOf', () => {
  it('draws what falls on one place as the most important of it', () => {
    expect(columnsOf(spans, alertsBefore(spans), 0, scale, 6, [])).toMatchObject([{ event: 1, count: 2 }, { event: 2, count: 1 }]);
    expect(columnsOf(spans, alertsBefore(spans), 0, scale, 2, [])).toHaveLength(3);
  });

  it('never loses the one that failed in a crowd of thousands', () => {
    const events = Array.from({ length: 20_000 }, (_, i) => ({ at: moment(i), name: 'e', attrs: i === 13_333 ? warning : change }));
    const crowd = layOut({ spans: [span('a', '', 0, 20_000, { events })] });
    const columns = columnsOf(crowd, alertsBefore(crowd), 0, scaleOf({ from: crowd.from, to: crowd.to }, 200), 4, []);
    expect(columns.length).toBeLessThan(60);
    expect(columns.some((c) => c.event === 13_333)).toBe(true);
    expect(columns.reduce((sum, c) => sum + c.count, 0)).toBe(20_000);
  });

  it('draws only what is within the scale', () => {
    const near = scaleOf({ from: spans.from + 450, to: spans.from + 550 }, 1000);
    expect(columnsOf(spans, alertsBefore(spans), 0, near, 4, [])).toMatchObject([{ event: 2 }]);
    expect(eventNear(spans, 0, near, 500)).toBe(2);
  });
});
