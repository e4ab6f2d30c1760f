import { describe, expect, it } from 'vitest';
import { failedOnly, matching, nextMatch } from './find';
import { closedBelow, deepest, firstDepth, visibleRows } from './rows';
import { rowsOfSpans } from './scene';
import { layOut } from './spans';
import { moment, span } from './testdata/spans';

const spans = layOut({
  spans: [
    span('a', '', 0, 100), span('b', 'a', 1, 50, { attrs: [{ key: 'user', value: 'Alice' }] }), span('c', 'b', 2, 20, { failed: true }), span('d', 'b', 3, 30),
    span('e', 'a', 4, 90), span('f', 'e', 5, 60, { events: [{ at: moment(6), name: 'patch', attrs: [{ key: 'record', value: 'request' }, { key: 'error', value: true }] }] }), span('g', '', 6, 7),
  ],
});
const named = (rows: Int32Array) => [...rows].map((i) => spans.of[i]!.name).join('');
const closed = (names: string) => Uint8Array.from(spans.of, (s) => (names.includes(s.name) ? 1 : 0));

describe('visibleRows', () => {
  it.each([['', 'abcdefg'], ['b', 'abefg'], ['a', 'ag'], ['be', 'abeg'], ['g', 'abcdefg']])('closed %s: %s', (names, want) => {
    expect(named(visibleRows(spans, closed(names)))).toBe(want);
  });

  it('shows what is wanted with what is above it', () => {
    expect(named(visibleRows(spans, closed(''), failedOnly(spans)))).toBe('abcef');
    expect(named(visibleRows(spans, closed('b'), failedOnly(spans)))).toBe('abef');
    expect(named(visibleRows(spans, closed(''), new Uint8Array(7)))).toBe('');
  });
});

describe('depth', () => {
  it.each([[0, 'ag'], [1, 'abeg'], [2, 'abcdefg']])('open to %i: %s', (depth, want) => {
    expect(named(visibleRows(spans, closedBelow(spans, depth)))).toBe(want);
  });

  it('opens first as deep as leaves few rows, but always the first level', () => {
    expect(deepest(spans)).toBe(2);
    expect([firstDepth(spans, 100), firstDepth(spans, 5), firstDepth(spans, 1)]).toEqual([3, 1, 1]);
  });

  it('draws to the row above what is closed away', () => {
    expect([...rowsOfSpans(spans, visibleRows(spans, closed('b')))]).toEqual([0, 1, 1, 1, 2, 3, 4]);
  });
});

describe('finding', () => {
  it.each([['alice', [1]], ['USER=alice', [1]], ['patch', [5]], ['pods', [0, 1, 2, 3, 4, 5, 6]], ['alice patch', []], [' ', []]])('%s', (text, want) => {
    expect(matching(spans, text)).toEqual(want);
  });

  it('goes round the end', () => {
    expect([nextMatch([1, 4], 1, 1), nextMatch([1, 4], 4, 1), nextMatch([1, 4], 1, -1), nextMatch([], 0, 1)]).toEqual([4, 1, 4, undefined]);
  });
});
