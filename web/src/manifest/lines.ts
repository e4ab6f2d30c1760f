/** Who set which line of a printed manifest. */
import { parseMoment, type Moment } from '../time/moment';
import type { Blamed, Certainty } from '../api/types';
import { actorShort } from '../text/actors';
import { keyOfPlace, placeOf, type Place } from './path';
import type { Line, Printed } from './print';

/** How the author of a line is known; 'before' is a value that is older than the recording. */
export type Knowledge = Certainty | 'before';

/** The author of a line. */
export interface Author {
  knowledge: Knowledge;
  /** A user, else a field manager; empty: not known. */
  who: string;
  /** Only a field manager is known. */
  manager: boolean;
  /** Since when the value stands; of 'before': the moment at which it stood already. */
  at?: Moment;
  field: Blamed;
}

export interface BlamedLine {
  place: Place;
  leaf: boolean;
  /** Absent on lines without a value of their own, and where the server tells nothing of a field. */
  author?: Author;
}

export interface BlamedText {
  lines: BlamedLine[];
  /** Fields that were told and stand nowhere in the text. */
  unplaced: Blamed[];
}

/** Puts the blame of a manifest's fields on its printed lines. A field that is told as a whole covers the lines of all its members. */
export function blameLines(printed: Printed, manifest: unknown, fields: readonly Blamed[]): BlamedText {
  const authors = new Map<string, Author>();
  const unplaced: Blamed[] = [];
  for (const field of fields) {
    const place = placeOf(manifest, field.path);
    if (place) authors.set(keyOfPlace(place), authorOf(field));
    else unplaced.push(field);
  }
  const lines = printed.lines.map((line) => ({ ...line, ...withAuthor(authorAt(authors, line)) }));
  return { lines, unplaced };
}

function withAuthor(author: Author | undefined): { author?: Author } {
  return author ? { author } : {};
}

/** The author of the line's value, or, of a leaf, of the nearest value around it that is told as a whole. */
function authorAt(authors: Map<string, Author>, line: Line): Author | undefined {
  const own = authors.get(keyOfPlace(line.place));
  if (own || !line.leaf) return own;
  for (let n = line.place.length - 1; n > 0; n--) {
    const around = authors.get(keyOfPlace(line.place.slice(0, n)));
    if (around) return around;
  }
  return undefined;
}

/** Reads the author of a field. */
export function authorOf(field: Blamed): Author {
  const { actor } = field;
  const who = actor?.user || actor?.impersonator || '';
  const before = field.since === undefined && field.before !== undefined;
  const when = before ? field.before : field.since;
  const at = parseMoment(when?.at ?? when?.notAfter ?? when?.notBefore);
  return {
    knowledge: before && field.certainty !== 'assumed unchanged' ? 'before' : field.certainty,
    who: who || field.manager || '',
    manager: !who && Boolean(field.manager),
    ...(at === undefined ? {} : { at }),
    field,
  };
}

/** Lines in a row that one revision set, by one author, known in one way. */
export interface Band {
  first: number;
  /** The last line, included. */
  last: number;
  author: Author | undefined;
}

/**
 * Groups lines into bands. A line without a value of its own ("spec:") belongs to the band that it opens, or stands within; leaves whose author is
 * not known make bands of their own.
 */
export function bandsOf(lines: readonly BlamedLine[]): Band[] {
  const bands: Band[] = [];
  let open = 0; // the first line that no band has
  lines.forEach((line, i) => {
    if (isManagedFields(line.place)) open = i + 1; // it is folded, with the authors that stand in it
    if (!line.leaf && !line.author) return;
    const band = bands.at(-1);
    if (band && bandKey(band.author) === bandKey(line.author)) band.last = i;
    else bands.push({ first: open, last: i, author: line.author });
    open = i + 1;
  });
  return bands;
}

/** Whether a line begins the managedFields. */
export function isManagedFields(place: Place): boolean {
  return place.length === 2 && place[0] === 'metadata' && place[1] === 'managedFields';
}

function bandKey(author: Author | undefined): string {
  if (!author) return '';
  const { field } = author;
  return [author.knowledge, author.who, field.resourceVersion ?? '', field.requestID ?? '', field.webhook ?? ''].join('\u0000');
}

/** The band of each line. */
export function bandOfLine(bands: readonly Band[], count: number): (Band | undefined)[] {
  const out = new Array<Band | undefined>(count).fill(undefined);
  for (const band of bands) out.fill(band, band.first, band.last + 1);
  return out;
}

/** How old a line is, from 0 (the newest of all) to 4 (the oldest), by the order of the moments and not by their distance; undefined: not known. */
export function ages(lines: readonly BlamedLine[]): (number | undefined)[] {
  const moments = [...new Set(lines.flatMap(({ author }) => (author?.at === undefined || author.knowledge === 'before' ? [] : [author.at])))].sort((a, b) => b - a);
  const rank = new Map(moments.map((at, i) => [at, moments.length < 2 ? 0 : Math.round((i * 4) / (moments.length - 1))]));
  return lines.map(({ author }) => {
    if (author?.knowledge === 'before') return 4;
    return author?.at === undefined ? undefined : rank.get(author.at);
  });
}

/** Names with a number each that colours them: in the order given, counted on behind the last colour. */
export function numbered(names: Iterable<string>): Map<string, number> {
  const out = new Map<string, number>();
  for (const name of names) if (name && !out.has(name)) out.set(name, out.size % authorColours);
  return out;
}

/** How many colours the theme has for authors. */
export const authorColours = 8;

const signs: Record<Knowledge, { sign: string; word: string }> = {
  exact: { sign: '●', word: 'exact' },
  inferred: { sign: '◐', word: 'inferred' },
  candidates: { sign: '◇', word: 'one of several' },
  'assumed unchanged': { sign: '≈', word: 'assumed unchanged' },
  before: { sign: '⇤', word: 'before the recording' },
  unknown: { sign: '?', word: 'not known' },
};

/** How the knowledge of an author is drawn and said. */
export function signOf(knowledge: Knowledge | undefined): { sign: string; word: string } {
  return signs[knowledge ?? 'unknown'];
}

/** A user in very little room: "ci" of another namespace keeps it ("robots/ci"), the cluster's own controllers do not ("deployment-controller"). */
export function briefly(user: string): string {
  return actorShort(user).replace(/ \((?:sa|node)\)$/, '').replace(/^kube-system\//, '');
}

/** Two letters of a name: "robots/ci" is "CI", "deployment-controller" is "DC", "alice" is "AL". */
export function initials(name: string): string {
  const last = name.replace(/ \(.*\)$/, '').split(/[/:]/).at(-1) ?? '';
  const words = last.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const [first = '?', second] = words;
  return (second ? [...first].slice(0, 1).join('') + [...second].slice(0, 1).join('') : [...first].slice(0, 2).join('')).toUpperCase();
}
