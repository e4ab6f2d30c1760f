/** The lines of the search box and where they lead. */
import type { Ref } from '../../api/types';
import { commandOfView, linkTo, type Asker } from '../../copy';
import { copyText, nameOf, objectView, rootSet, toPage } from '../../parts';
import { counted, grouped as thousands } from '../../text/counts';
import type { IconName } from '../../text/icons';
import { formatRelative } from '../../time/format';
import { milli, parseMoment } from '../../time/moment';
import { kindIcon, kindShort } from '../../text/kinds';
import { theme, zone, setTheme, setZone } from '../../url/prefs';
import { recentObjects } from '../../url/recent';
import { everything, type ObjectPath, type Page, type View } from '../../url/state';
import { goTo } from '../../url/useView';
import { grouped, looksLikeFilter, wordOf, type FoundObject } from './text';
import type { Found } from './useFound';

export interface Item {
  id: string;
  section: string;
  icon: IconName;
  /** In a column of its own: the kind. */
  before?: string;
  /** Dim, before the words: the namespace. */
  lead?: string;
  words: string;
  /** The part of the words that was typed. */
  match?: string;
  /** Dim, at the end of the line. */
  after?: string;
  ended?: boolean;
  run: () => void;
  /** What Alt+Enter does. */
  second?: { does: string; run: () => void };
}

export const pageNames: Record<Page, string> = {
  overview: 'Overview', timeline: 'Timeline', trace: 'Tree', object: 'Object', graph: 'Graph', search: 'Search', coverage: 'Coverage',
};

export const pageIcons: Record<Page, IconName> = {
  overview: 'overview', timeline: 'timeline', trace: 'tree', object: 'pod', graph: 'graph', search: 'search', coverage: 'coverage',
};

const perKind = 12;
const perKindWithOthers = 5;

/** Where the search box stands. */
export interface Where {
  /** Undefined: no page of ours. */
  view: View | undefined;
  /** The view with what is seen now, for others. */
  seen: View | undefined;
  asker: Asker;
  showKeys: () => void;
}

/** All lines for what is typed, in the order they are shown. */
export function itemsFor(text: string, found: Found, { view, seen, asker, showKeys }: Where): Item[] {
  const several = asker.several ?? false;
  const typed = text.trim();
  if (!typed) return [...recents(view, several), ...pagesTo(view), ...settings(showKeys), ...copies(seen, asker)];
  const filter = looksLikeFilter(typed) ? [filterItem(typed, view)] : [];
  const matches = (item: Item) => item.words.toLowerCase().includes(typed.toLowerCase());
  const objects = objectItems(typed, found, view, several);
  const rest = [...namespaces(typed, found, view), ...pagesTo(view).filter(matches), ...settings(showKeys).filter(matches), ...copies(seen, asker).filter(matches)];
  const anyway = filter.length === 0 ? [textItem(typed, view)] : [];
  return [...filter, ...objects, ...rest, ...anyway];
}

function filterItem(filter: string, view: View | undefined): Item {
  return {
    id: 'filter', section: 'Records', icon: 'filter', words: `Search records: ${filter}`, after: 'CEL',
    run: () => goTo({ ...toPage('search', view), set: { ...everything, cluster: view?.set.cluster ?? '', filter } }),
    second: {
      does: 'in lanes',
      run: () => goTo({ ...toPage('timeline', view), set: { ...everything, cluster: view?.set.cluster ?? '', filter } }),
    },
  };
}

/** What names and messages contain, as a filter: for words that are no object's name. */
function textItem(text: string, view: View | undefined): Item {
  const quoted = JSON.stringify(text);
  const filter = `name.contains(${quoted}) || request.user.contains(${quoted}) || event.note.contains(${quoted})`;
  return { ...filterItem(filter, view), id: 'text', words: `Search records whose name, user or note contains “${text}”`, icon: 'search', after: '' };
}

function objectItems(text: string, found: Found, view: View | undefined, several: boolean): Item[] {
  const groups = grouped(found.objects, wordOf(text), perKind);
  const limit = groups.length > 2 ? perKindWithOthers : perKind;
  return groups.flatMap(({ kind, objects, total }) => [
    ...objects.slice(0, limit).map((object) => objectItem(object, wordOf(text), view, several)),
    ...(total > limit ? [moreItem(kind, objects[0], total - limit, text, found.more, view)] : []),
  ]);
}

function objectItem(object: FoundObject, word: string, view: View | undefined, several: boolean): Item {
  const isNamespace = object.kind === 'Namespace';
  const lanes = () => goTo({ ...toPage('timeline', view), set: isNamespace ? { ...everything, cluster: object.cluster, namespace: object.name ?? '' } : rootSet(object) });
  return {
    id: `object-${object.cluster}-${object.uid ?? nameOf(object)}`,
    section: 'Objects',
    icon: kindIcon(object.kind),
    before: kindShort(object.kind ?? object.resource),
    ...(object.namespace ? { lead: `${object.namespace}/` } : {}),
    words: object.name || nameOf(object),
    match: word,
    after: [several ? object.cluster : '', object.revisions === undefined ? '' : counted(object.revisions, 'state'), lifeOf(object)].filter(Boolean).join(' · '),
    ended: object.ended,
    run: () => openObject(object, view),
    second: { does: isNamespace ? 'timeline of the namespace' : 'timeline', run: lanes },
  };
}

function lifeOf(object: FoundObject): string {
  if (!object.ended) return 'alive';
  const at = parseMoment(object.endedAt);
  return at === undefined ? 'ended' : `ended ${formatRelative(at, Date.now() * milli)}`;
}

function openObject(object: Ref, view: View | undefined): void {
  const to = objectView(object, view);
  if (to) goTo(to);
}

function moreItem(kind: string, example: FoundObject | undefined, left: number, text: string, more: boolean, view: View | undefined): Item {
  const name = `*${wordOf(text)}*`;
  return {
    id: `more-${kind}`,
    section: 'Objects',
    icon: 'timeline',
    before: kindShort(kind),
    words: `${thousands(left)}${more ? ' or more' : ''} further of this kind, in lanes`,
    run: () => goTo({ ...toPage('timeline', view), set: { ...everything, kind: example?.resource ?? kind.toLowerCase(), name, cluster: view?.set.cluster ?? '' } }),
  };
}

function namespaces(text: string, found: Found, view: View | undefined): Item[] {
  const word = wordOf(text);
  const names = new Map<string, string>();
  for (const object of found.objects) {
    const name = object.kind === 'Namespace' ? object.name : object.namespace;
    if (name?.includes(word)) names.set(`${object.cluster}/${name}`, object.cluster);
  }
  return [...names].slice(0, 3).map(([key, cluster]) => {
    const namespace = key.slice(cluster.length + 1);
    return {
      id: `ns-${key}`, section: 'Go to', icon: 'timeline', words: `Timeline of namespace ${namespace}`,
      run: () => goTo({ ...toPage('timeline', view), set: { ...everything, cluster, namespace } }),
    };
  });
}

function recents(view: View | undefined, several: boolean): Item[] {
  return recentObjects().slice(0, 6).map((object) => recentItem(object, view, several));
}

function recentItem(object: ObjectPath, view: View | undefined, several: boolean): Item {
  const [resource = '', ...group] = object.kind.split('.');
  const ref: Ref = { cluster: object.cluster, resource, group: group.join('.'), namespace: object.namespace, name: object.name, uid: object.uid };
  return {
    id: `recent-${object.cluster}-${object.kind}-${object.namespace}-${object.name}`,
    section: 'Looked at last',
    icon: 'clock',
    before: kindShort(singular(resource)),
    ...(object.namespace ? { lead: `${object.namespace}/` } : {}),
    words: object.name,
    ...(several ? { after: object.cluster } : {}),
    run: () => openObject(ref, view),
    second: { does: 'timeline', run: () => goTo({ ...toPage('timeline', view), set: rootSet(ref) }) },
  };
}

function singular(resource: string): string {
  return resource.endsWith('ies') ? `${resource.slice(0, -3)}y` : resource.replace(/s$/, '');
}

function pagesTo(view: View | undefined): Item[] {
  const names: Page[] = ['overview', 'timeline', 'trace', 'graph', 'search', 'coverage'];
  return names.map((page) => ({
    id: `page-${page}`, section: 'Go to', icon: pageIcons[page], words: pageNames[page], run: () => goTo(toPage(page, view)),
  }));
}

function settings(showKeys: () => void): Item[] {
  const [shown, chosen] = [zone(), theme()];
  const themes = (['system', 'light', 'dark'] as const).filter((one) => one !== chosen);
  return [
    {
      id: 'zone', section: 'Actions', icon: 'clock', words: shown === 'utc' ? 'Show local times' : 'Show times in UTC',
      run: () => setZone(shown === 'utc' ? 'local' : 'utc'),
    },
    ...themes.map((one): Item => ({
      id: `theme-${one}`, section: 'Actions', icon: one === 'dark' ? 'moon' : one === 'light' ? 'sun' : 'system',
      words: one === 'system' ? "Use the system's theme" : `Switch to the ${one} theme`, run: () => setTheme(one),
    })),
    { id: 'keys', section: 'Actions', icon: 'help', words: 'Show all keys', run: showKeys },
  ];
}

/** What can be copied of what is seen. */
function copies(view: View | undefined, asker: Asker): Item[] {
  if (!view) return [];
  const command = commandOfView(view, asker);
  const copy = (text: string) => () => void copyText(text).catch(() => undefined);
  return [
    { id: 'copy-link', section: 'Actions', icon: 'link', words: 'Copy a link to this view', run: copy(linkTo(view)) },
    ...(command ? [{ id: 'copy-command', section: 'Actions', icon: 'terminal' as const, words: 'Copy the command of this view', after: command, run: copy(command) }] : []),
  ];
}
