/** The changes of a revision as lines that people read. */
import type { Change } from '../api/types';
import { Whole } from '../text/whole';

export interface ChangeLine {
  path: string;
  op: Change['op'];
  /** Printed; absent where there is none. */
  from?: string;
  to?: string;
  /** How list items were matched, or what can not be compared. */
  note?: string;
}

/** Paths that change with every write and say nothing by themselves. */
const noise =
  /^metadata\.(?:managedFields|resourceVersion|generation)\b|^status\.observedGeneration$|\.(?:lastTransitionTime|lastUpdateTime|lastHeartbeatTime|lastProbeTime|observedGeneration)$|^spec\.renewTime$/;

/** Whether a change says nothing by itself. */
export function isNoise(change: Change): boolean {
  return noise.test(change.path);
}

/** Changes as lines: what says something, and the noise by itself. What was wanted stands before what was observed. */
export function linesOf(changes: readonly Change[] | null | undefined): { lines: ChangeLine[]; noise: ChangeLine[] } {
  const all = [...(changes ?? [])];
  const shown = all.filter((change) => !isNoise(change)).sort((a, b) => rank(a.path) - rank(b.path));
  return { lines: shown.map(lineOf), noise: all.filter(isNoise).map(lineOf) };
}

function rank(path: string): number {
  return path.startsWith('spec') || path.startsWith('data') ? 0 : path.startsWith('metadata') ? 1 : path.startsWith('status') ? 3 : 2;
}

function lineOf(change: Change): ChangeLine {
  const note = change.note ?? (change.match ? `matched by ${change.match}` : undefined);
  return {
    path: change.path,
    op: change.op,
    ...(change.op !== 'add' && change.from !== undefined ? { from: printValue(change.from) } : {}),
    ...(change.op !== 'remove' && change.to !== undefined ? { to: printValue(change.to) } : {}),
    ...(note ? { note } : {}),
  };
}

/** A value in as little as it takes: words bare, objects as indented YAML. */
export function printValue(value: unknown): string {
  if (typeof value === 'string') return value === '' || /^\s|\s$/.test(value) ? JSON.stringify(value) : value;
  if (value === null || typeof value !== 'object' || value instanceof Whole) return String(value);
  const text = JSON.stringify(value);
  return text.length <= 60 ? spaced(text) : yaml(value, '');
}

function spaced(json: string): string {
  return json === '{}' || json === '[]' ? json : json.replace(/":(?=["{[\dtfn-])/g, '": ').replace(/,(?=["{[])/g, ', ');
}

function yaml(value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join('\n');
  if (value !== null && typeof value === 'object' && !(value instanceof Whole)) {
    return Object.entries(value)
      .map(([name, member]) => {
        const open = member !== null && typeof member === 'object' && !(member instanceof Whole) && Object.keys(member).length > 0;
        return `${indent}${name}:${open ? `\n${yaml(member, Array.isArray(member) ? indent : `${indent}  `)}` : ` ${scalar(member)}`}`;
      })
      .join('\n');
  }
  return indent + scalar(value);
}

function scalar(value: unknown): string {
  if (value instanceof Whole) return value.digits;
  return typeof value === 'string' && value !== '' && !value.includes('\n') ? value : JSON.stringify(value);
}

/** Lines of a unified difference: "- spec.replicas: 3", "+ spec.replicas: 5". */
export function diffText(lines: readonly ChangeLine[]): string {
  return lines.flatMap(({ path, from, to }) => [...(from === undefined ? [] : signed('-', path, from)), ...(to === undefined ? [] : signed('+', path, to))]).join('\n');
}

function signed(sign: string, path: string, value: string): string[] {
  if (!value.includes('\n')) return [`${sign} ${path}: ${value}`];
  return [`${sign} ${path}:`, ...value.split('\n').map((line) => `${sign}   ${line}`)];
}
