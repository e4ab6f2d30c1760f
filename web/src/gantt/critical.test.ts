import { describe, expect, it } from 'vitest';
import type { Trace } from '../api/types';
import { criticalPath, shareOf } from './critical';
import { layOut, type Spans } from './spans';
import { span } from './testdata/spans';
import tracing from './testdata/tracing.json';

/** "name 10-20" for each stretch. */
function told(spans: Spans, base = spans.from): string[] {
  return criticalPath(spans).map((s) => `${spans.of[s.span]!.name} ${s.from - base}-${s.to - base}`);
}

describe('criticalPath', () => {
  const cases: [string, Parameters<typeof span>[], string[]][] = [
    ['one span', [['a', '', 0, 10]], ['a 0-10']],
    ['the last child to be over, then the one before it', [['a', '', 0, 100], ['b', 'a', 10, 40], ['c', 'a', 50, 90], ['d', 'a', 20, 60]], ['a 0-10', 'b 10-40', 'a 40-50', 'c 50-90', 'a 90-100']],
    ['looks into children', [['a', '', 0, 100], ['b', 'a', 10, 90], ['c', 'b', 20, 90]], ['a 0-10', 'b 10-20', 'c 20-90', 'a 90-100']],
    ['a child that outlives its parent', [['a', '', 0, 50], ['b', 'a', 30, 80]], ['a 0-30', 'b 30-80']],
    ['a child that begins before its parent', [['a', '', 20, 50], ['b', 'a', 0, 30]], ['b 0-30', 'a 30-50']],
    ['several roots', [['a', '', 0, 10], ['b', '', 20, 40], ['c', '', 5, 30]], ['a 0-10', 'b 20-40']],
    ['children that take no time', [['a', '', 0, 10], ['b', 'a', 5, 5]], ['a 0-5', 'a 5-10']],
    ['nothing', [], []],
  ];
  it.each(cases)('%s', (_, list, want) => {
    const spans = layOut({ spans: list.map((s) => span(...s)) });
    expect(told(spans)).toEqual(want);
  });

  it('never overlaps, runs forward, and ends at the last moment of a recorded trace', () => {
    const spans = layOut(tracing as unknown as Trace);
    const path = criticalPath(spans);
    for (let i = 1; i < path.length; i++) expect(path[i]!.from).toBeGreaterThanOrEqual(path[i - 1]!.to);
    expect(path.at(-1)!.to).toBe(Math.max(...spans.end));
    for (const s of path) expect(s.from >= spans.start[s.span]! && s.to <= spans.end[s.span]!).toBe(true);
  });

  it('says how much of the path is each span’s', () => {
    const spans = layOut({ spans: [span('a', '', 0, 100), span('b', 'a', 10, 40)] });
    expect([...shareOf(spans, criticalPath(spans))]).toEqual([70, 30]);
  });

  it('does not mind depth', () => {
    const deep = Array.from({ length: 5000 }, (_, i) => span(`s${i}`, i ? `s${i - 1}` : '', i, 99999));
    expect(criticalPath(layOut({ spans: deep })).length).toBeGreaterThan(4000);
  });
});
