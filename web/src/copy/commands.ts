/** The command lines that give the same answer as what is shown. */
import type { Entry, OneEntry, Ref, Trace } from '../api/types';
import { printMoment, type Window } from '../time/moment';
import type { SetOfObjects, View } from '../url/state';

/** A word for a shell: as it is where nothing in it means something to the shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What kubectl and kubewake both call the kinds that everybody knows. */
const short: Record<string, string> = {
  deployments: 'deploy', replicasets: 'rs', statefulsets: 'sts', daemonsets: 'ds', pods: 'pod', services: 'svc', configmaps: 'cm', secrets: 'secret',
  namespaces: 'ns', nodes: 'node', jobs: 'job', cronjobs: 'cj', serviceaccounts: 'sa', persistentvolumeclaims: 'pvc', persistentvolumes: 'pv',
  ingresses: 'ing', horizontalpodautoscalers: 'hpa', poddisruptionbudgets: 'pdb', endpoints: 'ep', events: 'events',
};
const shortGroups = new Set(['', 'apps', 'batch', 'autoscaling', 'networking.k8s.io', 'policy']);

/** "deploy/web", "certificates.cert-manager.io/web". */
export function kindName(ref: Ref): string {
  const resource = ref.resource ?? (ref.kind ?? '').toLowerCase();
  const group = ref.group ?? '';
  const word = shortGroups.has(group) ? (short[resource] ?? short[`${resource}s`] ?? resource) : '';
  const kind = word || (group ? `${resource}.${group}` : resource);
  return `${kind}/${ref.name ?? ''}`;
}

export interface Asker {
  /** Several are recorded, so the cluster must be said. */
  several?: boolean;
  /** Where the server is, if not on the machine of whoever runs the command: "https://wake.example". */
  server?: string;
}

/** The server to name for a page's origin: none on loopback, where kubewake finds itself. */
export function serverOf(origin: string): string {
  return /^https?:\/\/(?:127\.|localhost(?::|$)|\[::1\])/.test(origin) ? '' : origin;
}

type Flag = [name: string, value: string | undefined | true];

function command(question: string, words: string[], flags: Flag[], asker: Asker): string {
  const parts = ['kubewake', question, ...words.map(quote)];
  for (const [name, value] of [...flags, ['--server', asker.server] as Flag]) {
    if (value === true) parts.push(name);
    else if (value) parts.push(name, quote(value));
  }
  return parts.join(' ');
}

/** The object as words and flags: by name where it has one. */
function target(ref: Ref, asker: Asker): { words: string[]; flags: Flag[] } {
  const cluster: Flag = ['--cluster', asker.several ? ref.cluster : ''];
  if (!ref.name) return { words: [], flags: [['--uid', ref.uid], cluster] };
  return { words: [kindName(ref)], flags: [['-n', ref.namespace], cluster] };
}

function spanOf(window: Partial<Window>): Flag[] {
  return [['--from', print(window.from)], ['--to', print(window.to)]];
}

function print(at: number | undefined): string | undefined {
  return at === undefined ? undefined : printMoment(at);
}

/** What happened to an object. */
export function historyCommand(ref: Ref, window: Partial<Window>, asker: Asker = {}): string {
  const { words, flags } = target(ref, asker);
  return command('history', words, [...flags, ...spanOf(window)], asker);
}

/** How it looked; state is a resourceVersion, or a moment. */
export function getCommand(ref: Ref, state: { rv?: string; at?: number | undefined }, asker: Asker = {}): string {
  const { words, flags } = target(ref, asker);
  return command('get', words, [...flags, ['--at', state.rv ? `rv:${state.rv}` : print(state.at)]], asker);
}

/** What one change changed. */
export function diffCommand(ref: Ref, before: string | undefined, after: string, asker: Asker = {}): string {
  const { words, flags } = target(ref, asker);
  return command('diff', words, [...flags, ['--from', before && `rv:${before}`], ['--to', `rv:${after}`]], asker);
}

/** Who set which field. */
export function blameCommand(ref: Ref, state: { rv?: string; at?: number | undefined; path?: string }, asker: Asker = {}): string {
  const { words, flags } = target(ref, asker);
  return command('blame', words, [...flags, ['--at', state.rv ? `rv:${state.rv}` : print(state.at)], ['--path', state.path]], asker);
}

/** How the object is now, of the cluster itself. */
export function kubectlCommand(ref: Ref): string | undefined {
  return ref.name ? ['kubectl', 'get', quote(kindName(ref)), ...(ref.namespace ? ['-n', quote(ref.namespace)] : []), '-o', 'yaml'].join(' ') : undefined;
}

/** The commands that say the same as a record. */
export function commandsOfEntry({ object, entry, before }: OneEntry, asker: Asker = {}): string[] {
  const rv = entry.revision?.resourceVersion;
  if (rv) return [diffCommand(object, before?.resourceVersion, rv, asker), getCommand(object, { rv }, asker), blameCommand(object, { rv }, asker)];
  return [historyCommand(object, windowOfEntry(entry), asker)];
}

/** A window that holds a record: the interval it lies in. */
function windowOfEntry(entry: Entry): Partial<Window> {
  const read = (text: string | undefined) => (text ? Date.parse(text) * 1000 : undefined);
  const [from, to] = [read(entry.when.notBefore ?? entry.when.at), read(entry.when.notAfter ?? entry.when.at)];
  // Whole milliseconds, one more at the end: the end of a window is not in it.
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to: to + 1000 }) };
}

/** The command that gives the answer of a page; undefined where no command does. A view that follows is pinned before. */
export function commandOfView(view: View, asker: Asker = {}): string | undefined {
  switch (view.page) {
    case 'overview':
      return command('stat', [], [['--cluster', view.set.cluster], ...spanOf(view)], asker);
    case 'coverage':
      return command('coverage', view.set.kind ? [view.set.kind] : [], [['--cluster', view.set.cluster], ['-n', view.set.namespace], ...spanOf(view)], asker);
    case 'search':
      return searchCommand({ ...view.set, namespace: '' }, view, searchFlags(view.words), asker);
    case 'object':
      return objectCommand(view, asker);
    case 'trace':
      return traceOfView(view, asker);
    case 'graph':
      return view.at === undefined
        ? setCommand('tree', view.set, view, treeFlags(view.set), asker)
        : setCommand('tree', view.set, {}, [...treeFlags(view.set), ['--at', print(view.at)]], asker);
    case 'timeline':
      if (view.set.object) return setCommand('tree', view.set, view, treeFlags(view.set), asker);
      return view.set.filter ? searchCommand(view.set, view, [], asker) : objectsCommand(view.set, view, asker);
  }
}

function objectCommand(view: View, asker: Asker): string | undefined {
  const { object } = view;
  if (!object) return undefined;
  const [resource = '', ...group] = object.kind.split('.');
  const ref: Ref = { cluster: object.cluster, resource, group: group.join('.'), namespace: object.namespace, name: object.name, uid: object.uid };
  const { a, b, tab } = view.words;
  if (tab === 'diff') return b ? diffCommand(ref, a, b, asker) : command('diff', target(ref, asker).words, [...target(ref, asker).flags, ['--to', print(view.at)]], asker);
  if (tab === 'links') return command('links', target(ref, asker).words, [...target(ref, asker).flags, ['--at', print(view.at)]], asker);
  if (tab === 'coverage') return command('coverage', target(ref, asker).words, target(ref, asker).flags, asker);
  if (tab === 'requests' || tab === 'events') return historyCommand(ref, {}, asker);
  return blameCommand(ref, { at: view.at }, asker);
}

/** The trace that is shown: of the object and the window that it told, with what it was asked with. */
export function traceCommand({ object, from, to, mode, modifier }: Pick<Trace, 'object' | 'from' | 'to' | 'mode' | 'modifier'>, words: View['words'], asker: Asker = {}): string {
  const { words: named, flags } = target(object, asker);
  const how = traceFlags({ ...words, mode: mode === 'tracing' ? '' : mode, modifier: modifier ?? '' });
  return command('trace', named, [...flags, ['--from', from], ['--to', to], ...how], asker);
}

function traceOfView(view: View, asker: Asker): string | undefined {
  const { set, words } = view;
  // An ID says window, mode and modifier itself.
  if (words['id']) return command('trace', [], [['--id', words['id']], ...traceFlags({ ...words, mode: '', modifier: '' })], asker);
  const object = set.object || (set.kind && set.name ? `${set.kind}/${set.name}` : '');
  return setCommand('trace', { ...set, object }, view, traceFlags(words), asker);
}

function traceFlags(words: View['words']): Flag[] {
  const on = (word: string): Flag[1] => (words[word] === 'true' ? true : '');
  return [['--mode', words['mode']], ['--modifier', words['modifier']], ['--full-life', on('fullLife')], ['--verbose', on('verbose')], ['--reads', on('reads')]];
}

/** A command about the root of a set; undefined where the set has none. */
function setCommand(question: string, set: SetOfObjects, window: Partial<Window>, more: Flag[], asker: Asker): string | undefined {
  if (!set.object) return undefined;
  const uid = /^uid:(.+)$/.exec(set.object)?.[1];
  const flags: Flag[] = [['-n', uid ? '' : set.namespace], ['--uid', uid], ['--cluster', asker.several ? set.cluster : ''], ...spanOf(window), ...more];
  return command(question, uid ? [] : [set.object], flags, asker);
}

/** Records that match a filter; a namespace is one more thing that it asks. */
function searchCommand({ filter, namespace, cluster }: SetOfObjects, window: Partial<Window>, more: Flag[], asker: Asker): string {
  const inside = namespace ? `namespace == ${JSON.stringify(namespace)}` : '';
  const whole = filter && inside ? `${inside} && (${filter})` : filter || inside;
  return command('search', whole ? [whole] : [], [['--cluster', cluster], ...spanOf(window), ...more], asker);
}

/** What the search page asks with beside its filter. */
function searchFlags(words: View['words']): Flag[] {
  return [['--record', words['record']], ['--newest', words['order'] === 'oldest' ? '' : true], ['--reads', words['reads'] === 'true' ? true : '']];
}

function treeFlags(set: SetOfObjects): Flag[] {
  return [['--up', set.up?.toString()], ['--down', set.down?.toString()], ['--siblings', set.siblings ? true : ''], ['--type', set.types]];
}

function objectsCommand(set: SetOfObjects, window: Partial<Window>, asker: Asker): string {
  const words = set.kind || set.name ? [set.kind || 'all', ...(set.name ? [set.name] : [])] : [];
  return command('objects', words, [['-n', set.namespace], ['-l', set.selector], ['--cluster', set.cluster], ...spanOf(window)], asker);
}
