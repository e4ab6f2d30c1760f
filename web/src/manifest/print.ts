/** Prints a manifest as YAML, as `kubewake get -o yaml` does, and says for each line which value it shows. */
import { Whole } from '../text/whole';
import { isObject, type Place } from './path';

export interface Line {
  /** Of the value that the line shows, or begins. */
  place: Place;
  /** It shows a whole value that has no members: a scalar, {} or []; of one with several lines, each. */
  leaf: boolean;
}

export interface Printed {
  text: string;
  lines: Line[];
}

/** Prints a manifest; members stand in the order of their names. */
export function printManifest(manifest: unknown): Printed {
  const out: Out = { texts: [], lines: [] };
  if (isObject(manifest) && Object.keys(manifest).length > 0) members(out, manifest, '', [], '');
  else if (Array.isArray(manifest) && manifest.length > 0) items(out, manifest, '', [], '');
  else leaf(out, '', manifest, '', []);
  return { text: out.texts.join('\n'), lines: out.lines };
}

interface Out {
  texts: string[];
  lines: Line[];
}

/** Members of an object, indented; the first one stands behind `lead` ("- " of a list's item), which is as wide as what indent has more. */
function members(out: Out, value: Record<string, unknown>, indent: string, place: Place, lead: string): void {
  let head = lead || indent;
  for (const name of Object.keys(value).sort(byBytes)) {
    const at = [...place, name];
    put(out, `${head}${scalar(name)}:`, value[name], indent, at);
    head = indent;
  }
}

function items(out: Out, list: unknown[], indent: string, place: Place, lead: string): void {
  let head = lead || indent;
  list.forEach((item, i) => {
    const at = [...place, i];
    const dash = `${head}- `;
    head = indent;
    if (isObject(item) && Object.keys(item).length > 0) members(out, item, `${indent}  `, at, dash);
    else if (Array.isArray(item) && item.length > 0) items(out, item, `${indent}  `, at, dash);
    else leaf(out, dash.slice(0, -1), item, indent, at);
  });
}

/** A value behind its name: on the line if it is short, else below. Lists are not indented more than their name. */
function put(out: Out, head: string, value: unknown, indent: string, place: Place): void {
  if (isObject(value) && Object.keys(value).length > 0) {
    line(out, head, place, false);
    members(out, value, `${indent}  `, place, '');
  } else if (Array.isArray(value) && value.length > 0) {
    line(out, head, place, false);
    items(out, value, indent, place, '');
  } else leaf(out, head, value, indent, place);
}

function leaf(out: Out, head: string, value: unknown, indent: string, place: Place): void {
  const before = head && `${head} `;
  if (typeof value === 'string' && asBlock(value)) {
    const { sign, lines } = block(value, `${indent}  `);
    line(out, before + sign, place, true);
    for (const text of lines) line(out, text, place, true);
    return;
  }
  line(out, before + scalar(value), place, true);
}

function line(out: Out, text: string, place: Place, isLeaf: boolean): void {
  out.texts.push(text);
  out.lines.push({ place, leaf: isLeaf });
}

/** What a literal block can not hold as it is. */
const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function asBlock(text: string): boolean {
  return text.includes('\n') && !unprintable.test(text) && /[^\n]/.test(text);
}

function block(text: string, indent: string): { sign: string; lines: string[] } {
  const ending = /\n*$/.exec(text)?.[0].length ?? 0;
  const lines = (ending > 0 ? text.slice(0, -1) : text).split('\n');
  const width = /^[ \n\t]/.test(text) ? '2' : '';
  const chomp = ending === 0 ? '-' : ending > 1 ? '+' : '';
  return { sign: `|${width}${chomp}`, lines: lines.map((one) => (one === '' ? '' : indent + one)) };
}

/** A value on one line. */
export function scalar(value: unknown): string {
  if (typeof value === 'string') return string(value);
  if (value instanceof Whole) return value.digits;
  if (isObject(value)) return '{}';
  if (Array.isArray(value)) return '[]';
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** Words that YAML (1.1 or 1.2) would read as something else than a string. */
const otherwise = new RegExp(
  '^(?:' +
    ['', '~', 'null', 'true', 'false', 'y', 'n', 'yes', 'no', 'on', 'off', '<<', '=', '[-+]?\\.inf', '\\.nan'].join('|') +
    '|[-+]?[0-9][0-9_,]*(?:\\.[0-9_]*)?(?:e[-+]?[0-9]+)?|[-+]?\\.[0-9_]+(?:e[-+]?[0-9]+)?|[-+]?0[xob][0-9a-f_]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\\.[0-9_]*)?' +
    '|\\d{4}-\\d\\d?-\\d\\d?(?:(?:t|\\s+)\\d\\d?:.*)?' +
    ')$',
  'i',
);

function string(text: string): string {
  if (unprintable.test(text) || text.includes('\n') || text.includes('\t')) return doubled(text);
  if (otherwise.test(text)) return doubled(text);
  if (/^[-?:](?:\s|$)|^[,[\]{}#&*!|>'"%@`]|^\s|\s$|:\s|:$|\s#|^---|^\.\.\./.test(text)) return `'${text.replaceAll("'", "''")}'`;
  return text;
}

/** A string with escapes; JSON's are YAML's as well. */
function doubled(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The order of UTF-8 bytes, as the server sorts. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
