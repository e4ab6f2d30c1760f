import { describe, expect, it } from 'vitest';
import type { Trace, TraceSpan } from '../api/types';
import { signs } from './attrs';
import { nameOf, spoken } from './names';
import { layOut, roles } from './spans';
import tracing from './testdata/tracing.json';
import { span } from './testdata/spans';

describe('layOut', () => {
  it('lays out a recorded trace: parents first, siblings by start', () => {
    const spans = layOut(tracing as unknown as Trace);
    expect(Array.from({ length: spans.count }, (_, i) => '  '.repeat(spans.depth[i]!) + spans.of[i]!.name)).toEqual([
      'shop/web',
      '  shop/web-ddf9548cb',
      '    shop/web-ddf9548cb-f84k7',
      '    shop/web-ddf9548cb-8m8cx',
      '  shop/web-587c67cbb8',
      '    shop/web-587c67cbb8-6bcqc',
    ]);
    expect([...spans.next]).toEqual([6, 4, 3, 4, 6, 6]);
    expect([...spans.kids]).toEqual([2, 2, 0, 0, 1, 0]);
    expect(spans.services).toEqual(['deployments', 'replicasets', 'pods']);
    expect(spans.objects).toBe(6);
  });

  it('keeps microseconds, and the extent of events too', () => {
    const spans = layOut({ spans: [span('a', '', 10, 20, { events: [{ at: at(5), name: 'early' }, { at: at(31), name: 'late' }] })] });
    expect([spans.start[0], spans.end[0], spans.from, spans.to].map((t) => t! - base)).toEqual([10, 20, 5, 31]);
  });

  it('does not take a span without events for one that begins in 1970', () => {
    const spans = layOut({ spans: [span('a', '', 10, 20), span('b', 'a', 12, 13, { events: [{ at: at(12), name: 'x' }] })] });
    expect(spans.from - base).toBe(10);
  });

  it('sorts events and says what each is', () => {
    const spans = layOut({
      spans: [
        span('a', '', 0, 90, {
          events: [
            { at: at(30), name: 'Failed', attrs: [{ key: 'record', value: 'event' }, { key: 'type', value: 'Warning' }] },
            { at: at(10), name: 'create', attrs: [{ key: 'record', value: 'revision' }] },
            { at: at(20), name: 'update', attrs: [{ key: 'record', value: 'request' }, { key: 'error', value: true }] },
            { at: at(25), name: 'get', attrs: [{ key: 'record', value: 'request' }, { key: 'verb', value: 'get' }] },
            { at: at(90), name: 'snapshot', attrs: [{ key: 'manifest', value: '{}' }] },
          ],
        }),
      ],
    });
    expect([...spans.eventSign].map((s) => signs[s])).toEqual(['change', 'failed', 'read', 'warning', 'none']);
    expect([...spans.eventOf]).toEqual([1, 2, 3, 0, 4]);
  });

  it('takes orphans and rings for roots, each span once', () => {
    const spans = layOut({ spans: [span('a', 'gone', 5, 6), span('b', 'c', 1, 2), span('c', 'b', 3, 4), span('d', 'd', 9, 9)] });
    expect(spans.of.map((s) => s.spanID).sort()).toEqual(['a', 'b', 'c', 'd']);
    expect([...spans.parent].filter((p) => p < 0)).toHaveLength(3);
  });

  it('lays out nothing', () => {
    expect(layOut({ spans: [] })).toMatchObject({ count: 0, from: 0, to: 0 });
  });

  it('never ends a span before it starts', () => {
    const spans = layOut({ spans: [span('a', '', 10, 4)] });
    expect(spans.end[0]).toBe(spans.start[0]);
  });
});

describe('names', () => {
  it('says the namespace only where it changes', () => {
    const spans = layOut(tracing as unknown as Trace);
    expect([0, 1].map((i) => nameOf(spans, i))).toMatchObject([
      { chip: 'deploy', title: 'web', aside: 'shop', failures: 24 },
      { chip: 'rs', title: 'web-ddf9548cb', aside: '', failures: 0 },
    ]);
    expect(spoken(spans, 0)).toBe('deploy shop/web, 2 below, 24 failed');
  });

  it('says of a record below another object whose it is', () => {
    const attrs = (uid: string, name: string, record?: string): NonNullable<TraceSpan['attrs']> => [
      { key: 'kind', value: 'Pod' }, { key: 'namespace', value: 'shop' }, { key: 'name', value: name }, { key: 'uid', value: uid },
      ...(record ? [{ key: 'record', value: record }] : []),
    ];
    const spans = layOut({
      spans: [span('r', '', 0, 9, { name: 'shop/a', attrs: attrs('1', 'a') }), span('x', 'r', 1, 1, { name: 'shop/b create', attrs: attrs('2', 'b', 'revision') }),
        span('y', 'r', 2, 2, { name: 'patch', attrs: attrs('1', 'a', 'revision') })],
    });
    expect(spans.role[1]).toBe(roles.record);
    expect(nameOf(spans, 1)).toMatchObject({ chip: 'po', title: 'create', aside: 'b', sign: 'change' });
    expect(nameOf(spans, 2)).toMatchObject({ chip: '', title: 'patch', aside: '', sign: 'change' });
  });
});

const base = Date.UTC(2026, 10, 21, 15, 26) * 1000;
const at = (micros: number) => `2026-11-21T15:26:00.${String(micros).padStart(6, '0')}Z`;
