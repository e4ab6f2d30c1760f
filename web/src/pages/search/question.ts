/** What the page asks, from what the URL says, and back. Pure. Words of the URL: record (kinds with commas), order (oldest), reads, hit (of a record without an object). */
import type { Params } from '../../api/client';
import { printMoment, type Window } from '../../time/moment';
import type { View } from '../../url/state';

/** Kinds of record that can be asked for. */
export const recordKinds = ['request', 'revision', 'end', 'event', 'gap', 'span'] as const;
export type RecordKind = (typeof recordKinds)[number];

/** How many hits are asked for at once. */
export const page = 500;

/** The kinds that the URL names; none: those that the filter means. */
export function kindsOf(view: View): RecordKind[] {
  const named = (view.words['record'] ?? '').split(',');
  return recordKinds.filter((kind) => named.includes(kind));
}

/** Adds or takes away a kind; all of them are as good as none. */
export function toggled(kinds: readonly RecordKind[], kind: RecordKind): string {
  const next = recordKinds.filter((one) => (one === kind ? !kinds.includes(one) : kinds.includes(one)));
  return next.length === recordKinds.length ? '' : next.join(',');
}

export function isNewestFirst(view: View): boolean {
  return view.words['order'] !== 'oldest';
}

/** Whether there is anything to search for: a filter, or kinds. */
export function isAsked(view: View): boolean {
  return view.set.filter.trim() !== '' || kindsOf(view).length > 0;
}

/** The question; undefined where there is none, or the window is not known yet. */
export function paramsOf(view: View, newest: number | undefined): Params | undefined {
  if (!isAsked(view)) return undefined;
  const window = askedWindow(view, newest);
  if (!window) return undefined;
  return {
    cluster: view.set.cluster,
    filter: view.set.filter.trim(),
    record: kindsOf(view).join(','),
    newest: isNewestFirst(view),
    reads: view.words['reads'] === 'true',
    from: window.from === undefined ? undefined : printMoment(window.from),
    to: window.to === undefined ? undefined : printMoment(window.to),
    limit: page,
  };
}

function askedWindow(view: View, newest: number | undefined): Partial<Window> | undefined {
  if (view.follow !== undefined) return newest === undefined ? undefined : { from: newest - view.follow };
  return { ...(view.from === undefined ? {} : { from: view.from }), ...(view.to === undefined ? {} : { to: view.to }) };
}

/** Where in the filter a problem lies: lines and columns are counted from 1, columns in characters. */
export function placeOf(filter: string, line: number | undefined, column: number | undefined): { from: number; to: number } | undefined {
  if (!column) return undefined;
  const lines = filter.split('\n');
  const at = Math.min(lines.length, Math.max(1, line ?? 1)) - 1;
  const before = lines.slice(0, at).reduce((sum, one) => sum + one.length + 1, 0);
  const text = lines[at] ?? '';
  let from = before + [...text].slice(0, column - 1).join('').length;
  from = Math.min(from, before + text.length);
  // A field that does not exist is told at its dot.
  const rest = /^\.?\s*(?:\w+|"(?:\\.|[^"\\])*"?|\S)/u.exec(filter.slice(from, before + text.length));
  if (rest?.[0].startsWith('.') && rest[0].length > 1) return { from: from + 1, to: from + rest[0].length };
  if (rest) return { from, to: from + rest[0].length };
  return { from: Math.max(0, from - 1), to: Math.max(1, from) };
}

/** What is wrong with a filter, without the words of the parser's grammar. */
export function plainProblem(detail: string): string {
  const text = detail.replace(/^filter, /, '');
  const [, where = '', what = ''] = /^(line \d+, column \d+: )(.*)$/s.exec(text) ?? ['', '', text];
  const input = /^Syntax error: (?:mismatched|extraneous|no viable alternative at) input '((?:[^'\\]|\\.|'(?! expecting|$))*)'/s.exec(what)?.[1];
  if (input?.includes('<EOF>')) return `${where}the filter is not complete`;
  if (input !== undefined) return `${where}${input} is not expected here`;
  const sign = /^Syntax error: token recognition error at: '(.*)'$/s.exec(what)?.[1];
  return sign === undefined ? text : `${where}${sign} means nothing in a filter`;
}
