/** What a history's entries mean for the page: pure, and so tested. */
import type { Entry, Life, When } from '../../api/types';
import { briefly } from '../../manifest/lines';
import { isRead } from '../../text/verbs';
import { formatMoment, type Zone } from '../../time/format';
import { minute, parseMoment, second, type Moment } from '../../time/moment';
import { valueText } from './valueText';
import type { Show, Sort } from './words';

/** The moment of a when that an answer may be asked for: never before it, where the server tells it finer than a microsecond. */
export function momentOf(when: When | undefined): Moment | undefined {
  const text = when?.at ?? when?.notAfter ?? when?.notBefore;
  const at = parseMoment(text);
  if (at === undefined || !text) return undefined;
  return /\.\d{6}\d*[1-9]/.test(text) ? at + 1 : at;
}

/** The life of a name that a cursor is in: the one that was alive, else the last that had begun, else the first. Without a cursor: the last. */
export function lifeAt(lives: readonly Life[], at: Moment | undefined): Life | undefined {
  if (at === undefined) return lives.at(-1);
  const begun = lives.filter((life) => (parseMoment(life.createdAt) ?? 0) <= at);
  return begun.at(-1) ?? lives[0];
}

/** The kind of entry, as the filters name it. Gaps belong to all. */
export function sortOf(entry: Entry): Sort | undefined {
  if (entry.kind === 'revision' || entry.kind === 'end') return 'changes';
  if (entry.kind === 'event') return 'events';
  if (entry.kind === 'span') return 'spans';
  if (entry.kind === 'gap') return undefined;
  return isRead(entry.verb, entry.subresource) ? 'reads' : 'requests';
}

/** Whether something failed: a request that was refused, a span with an error. A Warning is an Event, and stands with the Events. */
export function isFailed(entry: Entry): boolean {
  return (entry.code ?? 0) >= 400 || entry.span?.status === 'error';
}

/** The entries that are shown. */
export function shownOf(entries: readonly Entry[], show: Show): Entry[] {
  const text = show.text.toLowerCase();
  return entries.filter((entry) => {
    const sort = sortOf(entry);
    if (sort && !show.sorts.has(sort)) return false;
    if (show.failed && !isFailed(entry)) return false;
    return !text || wordsOf(entry).includes(text);
  });
}

/** How many entries there are of each sort, whatever is shown. */
export function countsOf(entries: readonly Entry[]): Record<Sort | 'failed', number> {
  const counts = { changes: 0, requests: 0, events: 0, reads: 0, spans: 0, failed: 0 };
  for (const entry of entries) {
    const sort = sortOf(entry);
    if (sort) counts[sort]++;
    if (isFailed(entry)) counts.failed++;
  }
  return counts;
}

function wordsOf(entry: Entry): string {
  const { actor, revision } = entry;
  return [entry.summary, actor?.user, actor?.userAgent, entry.verb, entry.subresource, entry.code, revision?.resourceVersion, entry.event?.reason, ...(revision?.changes ?? []).map((c) => c.path)]
    .join(' ')
    .toLowerCase();
}

/** A row of the history list. */
export type ListRow = { kind: 'time'; key: string; at: Moment; count: number } | { kind: 'entry'; key: string; entry: Entry; at: Moment | undefined };

/** Rows with a heading wherever a new minute begins; a history shorter than two minutes has one for each ten seconds. */
export function rowsOf(entries: readonly Entry[]): ListRow[] {
  const moments = entries.map((entry) => momentOf(entry.when));
  const known = moments.filter((at): at is Moment => at !== undefined);
  const length = known.length > 1 ? Math.max(...minMax(known)) - Math.min(...minMax(known)) : 0;
  const step = length < 2 * minute ? 10 * second : minute;
  const rows: ListRow[] = [];
  let heading: (ListRow & { kind: 'time' }) | undefined;
  entries.forEach((entry, i) => {
    const at = moments[i];
    const group = at === undefined ? heading?.at : Math.floor(at / step) * step;
    if (group !== undefined && group > (heading?.at ?? -1)) {
      heading = { kind: 'time', key: `time-${group}`, at: group, count: 0 };
      rows.push(heading);
    }
    if (heading) heading.count++;
    rows.push({ kind: 'entry', key: `${entry.kind}-${entry.id}-${entry.revision?.epoch ?? 0}`, entry, at });
  });
  return rows;
}

function minMax(list: readonly number[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const n of list) [low, high] = [Math.min(low, n), Math.max(high, n)];
  return [low, high];
}

/** The revisions of a history, and its end. */
export function revisionsOf(entries: readonly Entry[]): Entry[] {
  return entries.filter((entry) => entry.kind === 'revision');
}

/** The last of some entries, in time's order, that stands at or before a moment; -1: none. */
export function lastAt(entries: readonly Entry[], at: Moment): number {
  for (let i = entries.length - 1; i >= 0; i--) {
    const own = momentOf(entries[i]?.when);
    if (own !== undefined && own <= at) return i;
  }
  return -1;
}

/** Who did an entry, in short; Events tell their source. */
export function whoOf(entry: Entry): string {
  if (entry.event) return entry.event.source?.split(/[\s,]/)[0] ?? '';
  if (entry.span) return entry.span.service ?? '';
  return entry.actor?.user ? briefly(entry.actor.user) : entry.kind === 'gap' ? '' : 'not known';
}

/** The request of an entry: it itself, or what made the revision or the end. */
export function requestOf(entry: Entry) {
  return entry.request ?? entry.revision?.maker.request ?? entry.end?.maker.request;
}

/** The last entry at or before the cursor: what a screen reader is told when one steps. */
export function spoken(data: { entries: readonly Entry[]; at?: Moment; selected?: Entry }, zone: Zone): string {
  const { entries, at, selected } = data;
  const entry = selected ?? (at === undefined ? undefined : entries[lastAt(entries, at)]);
  if (!entry) return '';
  const when = momentOf(entry.when);
  return [entry.summary, whoOf(entry), when === undefined ? '' : formatMoment(when, zone, 'milli')].filter(Boolean).join(', ');
}

/** A revision as one chooses it: lives last for days, so its time has its day. */
export function optionOf(entry: Entry, zone: Zone): string {
  const at = momentOf(entry.when);
  return [entry.revision?.resourceVersion, at === undefined ? '' : formatMoment(at, zone, 'milli'), whoOf(entry), valueText(entry.summary, 60)].filter(Boolean).join(' · ');
}
