/** The whole state of a page as its URL tells it: what one sees, one can send. */
import { parseMoment, printMoment, type Moment } from '../time/moment';

export const pages = ['overview', 'timeline', 'trace', 'object', 'graph', 'search', 'coverage'] as const;
export type Page = (typeof pages)[number];

/** Which object a page is about. */
export interface ObjectPath {
  cluster: string;
  /** As kubectl takes it: "deployments.apps", "pods". */
  kind: string;
  /** Empty for cluster-scoped objects. */
  namespace: string;
  name: string;
  /** Which life of the name; empty: the one at the cursor, else the last. */
  uid: string;
}

/** What is selected: a record of an object, or the object itself. */
export interface Selection {
  cluster: string;
  uid: string;
  /** Of the record, as answers give it; empty: the object. */
  id: string;
}

/** The objects that a picture shows; query.Set in the API. Empty words do not narrow. */
export interface SetOfObjects {
  cluster: string;
  kind: string;
  namespace: string;
  name: string;
  selector: string;
  filter: string;
  /** Root of a tree: "deploy/web" (in namespace) or "uid:…". */
  object: string;
  /** How many links to follow; absent: all. */
  up?: number;
  down?: number;
  siblings: boolean;
  /** Types of links, with commas. */
  types: string;
}

export interface View {
  page: Page;
  object?: ObjectPath;
  set: SetOfObjects;
  /** The window; absent ends: what is recorded. */
  from?: Moment;
  to?: Moment;
  /** Length of a window that follows now, in microseconds, instead of from and to. */
  follow?: number;
  /** The time cursor. */
  at?: Moment;
  sel?: Selection;
  /** Everything else, by name: each page documents its own words. Empty words are not kept. */
  words: Record<string, string>;
}

export const everything: SetOfObjects = {
  cluster: '', kind: '', namespace: '', name: '', selector: '', filter: '', object: '', siblings: false, types: '',
};

const known = new Set([
  'cluster', 'kind', 'namespace', 'name', 'selector', 'filter', 'object', 'up', 'down', 'siblings', 'types', 'uid', 'from', 'to', 'follow', 'at', 'sel',
]);

/** Reads a URL's path and query. Whatever it does not understand is left out; an unknown path is undefined. */
export function parseView(url: URL): View | undefined {
  const parts = url.pathname.split('/').slice(1).map(decode);
  const page = parts[0] === '' ? 'overview' : pages.find((p) => p === parts[0]);
  if (!page || (page !== 'object' && parts.length > 1 && parts[1] !== '')) return undefined;
  const query = url.searchParams;
  const object = page === 'object' ? parseObject(parts, query.get('uid') ?? '') : undefined;
  if (page === 'object' && !object) return undefined;
  const text = (name: string) => query.get(name) ?? '';
  const set: SetOfObjects = {
    cluster: text('cluster'), kind: text('kind'), namespace: text('namespace'), name: text('name'), selector: text('selector'),
    filter: text('filter'), object: text('object'), siblings: text('siblings') === 'true', types: text('types'),
    ...optional('up', depth(query.get('up'))), ...optional('down', depth(query.get('down'))),
  };
  const words: Record<string, string> = {};
  for (const [name, value] of query) if (!known.has(name) && value !== '') words[name] = value;
  return {
    page, set, words,
    ...optional('object', object),
    ...parseWindow(query.get('from'), query.get('to')),
    ...optional('follow', positive(query.get('follow'))),
    ...optional('at', parseMoment(query.get('at'))),
    ...optional('sel', parseSelection(query.get('sel'))),
  };
}

/** The URL's path and query that parseView reads back. */
export function printView(view: View): string {
  const query = new URLSearchParams();
  const put = (name: string, value: string | undefined) => {
    if (value) query.set(name, value);
  };
  const { set, object, sel } = view;
  for (const name of ['cluster', 'kind', 'namespace', 'name', 'selector', 'filter', 'object', 'types'] as const) put(name, set[name]);
  put('up', set.up?.toString());
  put('down', set.down?.toString());
  put('siblings', set.siblings ? 'true' : '');
  if (view.page === 'object') put('uid', object?.uid);
  put('from', view.from === undefined ? '' : printMoment(view.from));
  put('to', view.to === undefined ? '' : printMoment(view.to));
  put('follow', view.follow === undefined ? '' : `${view.follow / 1_000_000}s`);
  put('at', view.at === undefined ? '' : printMoment(view.at));
  put('sel', sel && printSelection(sel));
  for (const name of Object.keys(view.words).sort()) if (!known.has(name)) put(name, view.words[name]);
  const tail = query.toString();
  return pathOf(view) + (tail && `?${tail}`);
}

function pathOf(view: View): string {
  if (view.page === 'overview') return '/';
  if (view.page !== 'object' || !view.object) return `/${view.page}`;
  const { cluster, kind, namespace, name } = view.object;
  return '/object/' + [cluster, kind, namespace || '-', name].map(encodeURIComponent).join('/');
}

/** A window that ends before it begins, or as it begins, is none. */
function parseWindow(first: string | null, last: string | null): Pick<View, 'from' | 'to'> {
  const [from, to] = [parseMoment(first), parseMoment(last)];
  if (from !== undefined && to !== undefined && to <= from) return {};
  return { ...optional('from', from), ...optional('to', to) };
}

function parseObject(parts: string[], uid: string): ObjectPath | undefined {
  const [, cluster, kind, namespace, name] = parts;
  if (parts.length !== 5 || !cluster || !kind || !namespace || !name) return undefined;
  return { cluster, kind, namespace: namespace === '-' ? '' : namespace, name, uid };
}

function printSelection(sel: Selection): string {
  return [sel.cluster, sel.uid, sel.id].map(encodeURIComponent).join('/').replace(/\/$/, '');
}

function parseSelection(text: string | null): Selection | undefined {
  const [cluster, uid, id] = (text ?? '').split('/').map(decode);
  return cluster && uid ? { cluster, uid, id: id ?? '' } : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function depth(text: string | null): number | undefined {
  return text !== null && /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

function positive(text: string | null): number | undefined {
  const match = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '');
  const span = match ? Math.round(Number(match[1]) * 1_000_000) : 0;
  return span > 0 ? span : undefined;
}

/** A member for a spread: nothing where the value is undefined. */
function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]: V });
}
