/** What can be written at a place of a filter. Pure; the editor shows it. */
import { tokensOf, type Token } from './cel';

/** A word of filters, as /api/v1/fields tells it. */
export interface Field {
  name: string;
  type: string;
  doc: string;
}

/** Where the cursor stands. */
export type Place =
  | { kind: 'word'; from: number; base: string; typed: string }
  | { kind: 'value'; from: number; to: number; field: string; typed: string; quote: boolean }
  | { kind: 'none' };

export interface Choice {
  label: string;
  /** What is written; the label where absent. */
  insert?: string;
  detail?: string;
  doc?: string;
  type: 'field' | 'object' | 'method' | 'function' | 'value' | 'operator';
  /** Further up the list, from -99 to 99. */
  boost?: number;
}

/** Where the cursor stands in a filter. */
export function placeAt(text: string, at: number): Place {
  const all = tokensOf(text).filter((token) => token.from < at);
  const last = all.at(-1);
  const words = all.filter((token) => token.kind !== 'space' && token.kind !== 'comment');
  if (last?.kind === 'comment') return { kind: 'none' };
  if (last?.kind === 'string' && (last.unclosed || at < last.to)) return valueAt(words.slice(0, -1), last, at);
  if (last && (last.kind === 'word' || last.text === '.')) return wordAt(words, last, at);
  if (last?.kind === 'number' || last?.kind === 'string') return { kind: 'none' };
  return valueAfter(words, at) ?? { kind: 'word', from: at, base: '', typed: '' };
}

function wordAt(words: Token[], last: Token, at: number): Place {
  const typed = last.kind === 'word' ? last.text.slice(0, at - last.from) : '';
  let i = words.length - (last.kind === 'word' ? 2 : 1);
  const path: string[] = [];
  while (i >= 1 && words[i]?.text === '.') {
    const before = words[i - 1];
    if (before?.kind !== 'word') {
      path.unshift('?');
      break;
    }
    path.unshift(before.text);
    i -= 2;
  }
  const from = last.kind === 'word' ? last.from : at;
  return { kind: 'word', from, base: path.join('.'), typed };
}

/** Right behind a comparison or within a list: what a value may be. */
function valueAfter(words: Token[], at: number): Place | undefined {
  const field = fieldBefore(words);
  return field ? { kind: 'value', from: at, to: at, field, typed: '', quote: true } : undefined;
}

function valueAt(before: Token[], literal: Token, at: number): Place {
  const field = fieldBefore(before);
  if (!field) return { kind: 'none' };
  const from = literal.from + 1;
  const end = literal.unclosed ? literal.to : literal.to - 1;
  return { kind: 'value', from, to: Math.max(from, end), field, typed: literal.text.slice(1, at - literal.from), quote: false };
}

/** The field that words compare at their end: `request.verb ==`, `request.verb in ["get",`, `name.startsWith(`. */
function fieldBefore(words: Token[]): string {
  let i = words.length - 1;
  const list = listStart(words);
  if (list >= 0) i = list - 1;
  const operator = words[i]?.text ?? '';
  if (list >= 0 ? operator !== 'in' : !['==', '!=', '<', '>', '<=', '>='].includes(operator)) return methodField(words);
  return pathEnding(words, i - 1);
}

/** The index of the "[" in which the words end, with nothing but literals and commas behind it; -1: none. */
function listStart(words: Token[]): number {
  for (let i = words.length - 1; i >= 0; i--) {
    const { text = '', kind } = words[i] ?? {};
    if (text === '[') return words[i - 1]?.text === 'in' ? i : -1;
    if (text !== ',' && kind !== 'string' && kind !== 'number') return -1;
  }
  return -1;
}

/** `name.startsWith(`: what stands before a method of texts. */
function methodField(words: Token[]): string {
  const n = words.length;
  if (words[n - 1]?.text !== '(' || !['startsWith', 'endsWith', 'contains'].includes(words[n - 2]?.text ?? '')) return '';
  return words[n - 3]?.text === '.' ? pathEnding(words, n - 4) : '';
}

function pathEnding(words: Token[], at: number): string {
  const path: string[] = [];
  for (let i = at; i >= 0 && words[i]?.kind === 'word'; i -= 2) {
    path.unshift(words[i]?.text ?? '');
    if (words[i - 1]?.text !== '.') break;
  }
  return path.join('.');
}

/** What objects mostly have: their states are known to the server only. */
const objectPaths: Record<string, string[]> = {
  '': ['apiVersion', 'data', 'kind', 'metadata', 'spec', 'status'],
  metadata: ['annotations', 'creationTimestamp', 'deletionTimestamp', 'finalizers', 'generation', 'labels', 'name', 'namespace', 'ownerReferences', 'resourceVersion', 'uid'],
  spec: ['containers', 'nodeName', 'paused', 'replicas', 'selector', 'strategy', 'suspend', 'template', 'type'],
  'spec.template': ['metadata', 'spec'],
  'spec.template.spec': ['containers', 'initContainers', 'nodeSelector', 'serviceAccountName', 'volumes'],
  status: ['availableReplicas', 'conditions', 'containerStatuses', 'observedGeneration', 'phase', 'readyReplicas', 'replicas', 'updatedReplicas'],
};

/** The choices for a word behind base ("request" in "request.ve"). */
export function wordChoices(fields: readonly Field[], base: string): Choice[] {
  const state = /^(?:object|oldObject)(?:\.(.*))?$/.exec(base);
  const prefix = base ? `${base}.` : '';
  const own: Choice[] = fields
    .filter((field) => !isWordOfLanguage(field) && field.name.startsWith(prefix) && !field.name.slice(prefix.length).includes('.'))
    .map((field) => ({
      label: field.name.slice(prefix.length),
      detail: field.type,
      doc: field.doc,
      type: isObject(field) ? 'object' : 'field',
      boost: popular.has(field.name) ? 10 : 0,
    }));
  if (state) return [...own, ...(objectPaths[state[1] ?? ''] ?? []).map((label): Choice => ({ label, type: 'field', detail: 'of the state' })), ...methods(fields)];
  if (!base) return [...own, ...functions(fields)];
  return own.length > 0 ? own : methods(fields);
}

const popular = new Set(['request', 'request.user', 'request.verb', 'request.code', 'kind', 'resource', 'namespace', 'name', 'object', 'event', 'event.type', 'event.reason']);

function isObject(field: Field): boolean {
  return field.type === 'object' || field.type === 'dyn';
}

function isWordOfLanguage(field: Field): boolean {
  return field.type === 'method' || field.type === 'macro' || field.type === 'function';
}

function functions(fields: readonly Field[]): Choice[] {
  return fields
    .filter((field) => field.type === 'function' || (field.type === 'macro' && field.name === 'has'))
    .map((field) => ({ label: field.name, insert: `${field.name}(`, detail: field.type, doc: field.doc, type: 'function', boost: -20 }));
}

function methods(fields: readonly Field[]): Choice[] {
  return fields
    .filter((field) => field.type === 'method' || (field.type === 'macro' && field.name !== 'has'))
    .map((field) => ({ label: field.name, insert: `${field.name}(`, detail: field.type, doc: field.doc, type: 'method', boost: -10 }));
}

/** Values that are the same in every recording. */
export const fixedValues: Record<string, readonly string[]> = {
  kind: ['request', 'revision', 'end', 'event', 'gap', 'span'],
  'request.verb': ['create', 'update', 'patch', 'delete', 'deletecollection', 'get', 'list', 'watch'],
  'request.stage': ['ResponseComplete', 'ResponseStarted', 'RequestReceived', 'Panic'],
  'request.level': ['Metadata', 'Request', 'RequestResponse'],
  'event.type': ['Normal', 'Warning'],
  'event.regarding.kind': ['Pod', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Node', 'PersistentVolumeClaim'],
  'span.form': ['span', 'log', 'pushed'],
  'span.status': ['ok', 'error'],
  'span.kind': ['internal', 'server', 'client', 'producer', 'consumer'],
  subresource: ['status', 'scale', 'binding', 'eviction', 'exec', 'log'],
};

/** Which table of `stat` holds the values of a field. */
export const tableOf: Record<string, string> = {
  'request.user': 'requests by user',
  'request.verb': 'requests by verb',
  'request.code': 'requests by code',
  'request.userAgent': 'requests by user agent',
  'request.resource': 'requests by resource',
  resource: 'requests by resource',
  cluster: 'requests by cluster',
};

/** A value that was seen, and how often. */
export interface Seen {
  name: string;
  count?: number;
}

/** The choices for a value of a field: what was seen first, then what there may be. Numbers are written without quotes. */
export function valueChoices(field: string, seen: readonly Seen[], quote: boolean): Choice[] {
  const number = field === 'request.code';
  if (number && !quote) return [];
  const names = new Map<string, Choice>();
  const put = (name: string, boost: number, detail?: string) => {
    const value = field === 'resource' || field === 'request.resource' ? (name.split(/[./]/)[0] ?? name) : name;
    if (!value || names.has(value)) return;
    const insert = quote && !number ? JSON.stringify(value) : value;
    names.set(value, { label: value, insert, type: 'value', boost, ...(detail ? { detail } : {}) });
  };
  seen.forEach((one, i) => put(one.name, Math.max(0, 50 - i), one.count === undefined ? undefined : `${one.count.toLocaleString('en')}×`));
  for (const name of fixedValues[field] ?? []) put(name, 0);
  return [...names.values()];
}
