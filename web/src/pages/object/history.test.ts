import { describe, expect, it } from 'vitest';
import type { Entry } from '../../api/types';
import { everything, type View } from '../../url/state';
import { countsOf, lastAt, lifeAt, momentOf, optionOf, rowsOf, shownOf, sortOf, spoken } from './history';
import { printShow, showOf } from './words';

const view = (words: Record<string, string>): View => ({ page: 'object', set: everything, words });
const at = (seconds: number) => new Date(Date.UTC(2026, 10, 21, 15, 26, 0) + seconds * 1000).toISOString();
const entry = (part: Partial<Entry>, seconds = 0): Entry => ({ id: String(seconds), kind: 'request', when: { at: at(seconds) }, summary: '', ...part });

const entries = [
  entry({ kind: 'revision', summary: 'created', verb: 'create', code: 201, actor: { user: 'alice' } }, 1),
  entry({ kind: 'event', summary: 'Scaled up', event: { type: 'Normal' } as Entry['event'] & object }, 2),
  entry({ verb: 'update', code: 409, summary: '409 Conflict', actor: { user: 'bob' } }, 3),
  entry({ verb: 'get', code: 200 }, 4),
  entry({ verb: 'get', subresource: 'exec', code: 101 }, 5),
  entry({ kind: 'event', event: { type: 'Warning' } as Entry['event'] & object }, 6),
  entry({ kind: 'gap' }, 7),
  entry({ kind: 'end' }, 8),
];
const shown = (words: Record<string, string>) => shownOf(entries, showOf(view(words))).map((e) => e.id).join('');

describe('the filter of a history', () => {
  it.each([
    [{}, '1235678'],
    [{ show: 'changes' }, '178'],
    [{ show: 'reads' }, '47'],
    [{ show: 'changes,requests,events,failed' }, '3'],
    [{ show: 'none' }, '7'],
    [{ text: 'BOB' }, '3'],
    [{ text: 'scaled' }, '2'],
  ])('%j leaves %s', (words, want) => {
    expect(shown(words)).toBe(want);
  });

  it('counts whatever is shown', () => {
    expect(countsOf(entries)).toEqual({ changes: 2, requests: 2, events: 2, reads: 1, spans: 0, failed: 1 });
    expect(sortOf(entry({ verb: 'get', subresource: 'exec' }))).toBe('requests');
  });

  it.each(['', 'none', 'changes', 'reads', 'changes,requests,events,reads,spans', 'changes,requests,events,spans,failed', 'failed'])('%s goes there and back', (word) => {
    expect(printShow(showOf(view(word ? { show: word } : {})))).toBe(word);
  });
});

describe('rows of a history', () => {
  it('have a heading for each minute', () => {
    const rows = rowsOf([entry({}, 1), entry({}, 59), entry({}, 61), entry({}, 190), entry({ when: {} }, 191)]);
    expect(rows.map((row) => (row.kind === 'time' ? `#${row.count}` : row.entry.id))).toEqual(['#2', '1', '59', '#1', '61', '#2', '190', '191']);
  });
  it('of a short history have one for ten seconds, and none goes back', () => {
    const rows = rowsOf([entry({}, 1), entry({}, 12), entry({}, 9), entry({}, 13)]);
    expect(rows.map((row) => (row.kind === 'time' ? `#${row.count}` : row.entry.id))).toEqual(['#1', '1', '#3', '12', '9', '13']);
  });
});

describe('moments', () => {
  it('are never before what was told', () => {
    const micros = momentOf({ at: '2026-11-21T15:26:01.123456Z' }) ?? 0;
    expect(momentOf({ at: '2026-11-21T15:26:01.123456789Z' })).toBe(micros + 1);
    expect(momentOf({ at: '2026-11-21T15:26:01.123456000Z' })).toBe(micros);
    expect(momentOf({ notAfter: '2026-11-21T15:26:01.123456Z' })).toBe(micros);
    expect(momentOf({})).toBeUndefined();
  });
  it('find the entry in force', () => {
    const t = (s: number) => momentOf({ at: at(s) }) ?? 0;
    expect([t(0), t(1), t(3) + 1, t(99)].map((m) => lastAt(entries, m))).toEqual([-1, 0, 2, 7]);
  });
  it('find the life they are in', () => {
    const lives = [{ uid: 'a', createdAt: at(0), revisions: 1 }, { uid: 'b', createdAt: at(10), revisions: 1 }];
    const t = (s: number) => momentOf({ at: at(s) });
    expect([t(-5), t(5), t(10), t(50), undefined].map((m) => lifeAt(lives, m)?.uid)).toEqual(['a', 'a', 'b', 'b', 'b']);
    expect(lifeAt([], 5)).toBeUndefined();
  });
});

it('what is read aloud of an entry has its time as it is shown', () => {
  const at = momentOf(entries[0]?.when) ?? 0;
  expect(spoken({ entries, at }, 'utc')).toBe('created, alice, 2026-11-21 15:26:01.000');
  expect(spoken({ entries, at, selected: entries[2]! }, 'utc')).toBe('409 Conflict, bob, 2026-11-21 15:26:03.000');
  expect(spoken({ entries: [], at }, 'utc')).toBe('');
});

it('a revision to compare is told with its day', () => {
  const entry: Entry = { id: 'e', kind: 'revision', when: { at: '2026-11-21T15:26:02.5Z' }, summary: 'scaled to 3', revision: { resourceVersion: '42' } as Entry['revision'] & object };
  expect(optionOf(entry, 'utc')).toBe('42 · 2026-11-21 15:26:02.500 · not known · scaled to 3');
});
