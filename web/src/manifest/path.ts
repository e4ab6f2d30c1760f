/** Paths into a manifest: the server's text ("spec.containers[name=web].image"), and where that leads in a value. */

import { parseExact, Whole } from '../text/whole';

/** One step: to a member, to the item at a place, to the item with keys, to the item of a set. */
export type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'keys'; keys: { name: string; value: string }[] }
  | { kind: 'value'; value: string };

/** Where a value stands: names of members and places in lists, from the root. */
export type Place = readonly (string | number)[];

const word = /^[\w$/-]+/;
const dotted = /^[\w$/.-]+/;

/** Reads the text of a path; undefined where it is none. The empty text is the root. */
export function parsePath(text: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = text.startsWith('.') ? text.slice(1) : text;
  while (rest !== '') {
    const got = rest.startsWith('[') ? bracket(rest.slice(1)) : field(rest, steps.length === 0);
    if (!got) return undefined;
    steps.push(got.step);
    rest = got.rest;
  }
  return steps;
}

interface Read {
  step: Step;
  rest: string;
}

function field(text: string, first: boolean): Read | undefined {
  if (!first && !text.startsWith('.')) return undefined;
  const from = first ? text : text.slice(1);
  const name = word.exec(from)?.[0];
  return name ? { step: { kind: 'field', name }, rest: from.slice(name.length) } : undefined;
}

function bracket(text: string): Read | undefined {
  if (text.startsWith('=')) {
    const value = json(text.slice(1));
    return value ? close(text.slice(1 + value.length), { kind: 'value', value }) : undefined;
  }
  const index = /^(\d+)\]/.exec(text);
  if (index) return { step: { kind: 'index', index: Number(index[1]) }, rest: text.slice(index[0].length) };
  if (text.startsWith('"')) {
    const name = json(text);
    if (name && text[name.length] === ']') return close(text.slice(name.length), { kind: 'field', name: JSON.parse(name) as string });
  }
  return keys(text);
}

function close(rest: string, step: Step): Read | undefined {
  return rest.startsWith(']') ? { step, rest: rest.slice(1) } : undefined;
}

function keys(text: string): Read | undefined {
  const list: { name: string; value: string }[] = [];
  let rest = text;
  for (;;) {
    const quoted = rest.startsWith('"') ? json(rest) : undefined;
    const bare = quoted ?? dotted.exec(rest)?.[0];
    if (!bare || rest[bare.length] !== '=') return undefined;
    rest = rest.slice(bare.length + 1);
    const value = keyValue(rest);
    if (value === undefined) return undefined;
    rest = rest.slice(value.length);
    list.push({ name: quoted ? (JSON.parse(quoted) as string) : bare, value: compact(value) });
    if (rest.startsWith(']')) return { step: { kind: 'keys', keys: list }, rest: rest.slice(1) };
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1);
  }
}

/** A key's value as it stands: JSON, or a bare word up to the next comma or bracket. */
function keyValue(text: string): string | undefined {
  if (/^["{[]/.test(text)) return json(text);
  return /^[^,\]]+/.exec(text)?.[0];
}

/** A value as compact JSON: bare words are strings unless they are numbers, true, false or null. */
function compact(text: string): string {
  if (/^["{[]/.test(text) || /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null)$/.test(text)) return text;
  return JSON.stringify(text);
}

/** The JSON value that a text begins with; undefined where there is none that ends. */
function json(text: string): string | undefined {
  const first = text[0];
  if (first !== '"' && first !== '{' && first !== '[') return /^[^\],]+/.exec(text)?.[0];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') {
      i = endOfString(text, i);
      if (i < 0) return undefined;
    } else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') depth--;
    if (depth === 0) return text.slice(0, i + 1);
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}

/** Where a path leads in a manifest; undefined where there is nothing. */
export function placeOf(manifest: unknown, path: string): Place | undefined {
  const steps = parsePath(path);
  if (!steps) return undefined;
  const place: (string | number)[] = [];
  let value = manifest;
  for (const step of steps) {
    const key = keyOf(value, step);
    if (key === undefined) return undefined;
    place.push(key);
    value = (value as Record<string | number, unknown>)[key];
  }
  return place;
}

function keyOf(value: unknown, step: Step): string | number | undefined {
  if (step.kind === 'field') return isObject(value) && Object.hasOwn(value, step.name) ? step.name : undefined;
  if (!Array.isArray(value)) return undefined;
  if (step.kind === 'index') return step.index < value.length ? step.index : undefined;
  const found = value.findIndex((item) => (step.kind === 'value' ? sorted(item) === sortedText(step.value) : hasKeys(item, step.keys)));
  return found < 0 ? undefined : found;
}

function hasKeys(item: unknown, wanted: { name: string; value: string }[]): boolean {
  return wanted.every(({ name, value }) => {
    const is = memberOf(item, name);
    // What the API takes where a key is missing.
    if (is === undefined || is === null) return value === '""' || (name === 'protocol' && value === '"TCP"');
    return sorted(is) === sortedText(value);
  });
}

/** A member of an item; dots lead into it, unless a member has them in its name. */
function memberOf(item: unknown, name: string): unknown {
  if (!isObject(item)) return undefined;
  if (Object.hasOwn(item, name)) return item[name];
  return name.split('.').reduce<unknown>((at, part) => (isObject(at) && Object.hasOwn(at, part) ? at[part] : undefined), item);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Whole);
}

/** JSON with members in order, so that equal values have equal texts. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${sorted(value[name])}`);
  return `{${members.join(',')}}`;
}

function sortedText(text: string): string {
  try {
    return sorted(parseExact(text));
  } catch {
    return text;
  }
}

const bareName = /^[\w$/-]+$/;

/** A place as people read it, and as jsonpath nearly takes it: "spec.containers[0].image". */
export function textOfPlace(place: Place): string {
  let text = '';
  for (const part of place) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!bareName.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += (text && '.') + part;
  }
  return text;
}

/** A key for maps of places. */
export function keyOfPlace(place: Place): string {
  return JSON.stringify(place);
}

/** The value at a place. */
export function valueAt(manifest: unknown, place: Place): unknown {
  return place.reduce<unknown>((at, part) => (typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[part] : undefined), manifest);
}
