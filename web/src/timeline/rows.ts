/** Which rows stand where: objects in groups or below their owners, derived rows below their object, pinned ones on top. Pure. */
import type { Row } from '../api/drawn';
import type { DerivedShape } from './lanestore';
import { laneKey } from './lanestore';

export const groupings = ['tree', 'kind', 'namespace', 'none'] as const;
export type Grouping = (typeof groupings)[number];
export const sortings = ['name', 'first', 'activity', 'failing'] as const;
export type Sorting = (typeof sortings)[number];

/** What is known of how much happened to an object. */
export interface Score {
  changes: number;
  failed: number;
  warning: number;
}

export interface RowOptions {
  group: Grouping;
  sort: Sorting;
  /** Only rows whose kind, namespace or name contains all these words, and what they stand below. */
  filter: string;
  /** Keys of lines whose children are hidden, whose derived rows are shown, that are pinned, that are left out. */
  fold: ReadonlySet<string>;
  open: ReadonlySet<string>;
  pin: ReadonlySet<string>;
  hide: ReadonlySet<string>;
  score: (row: Row) => Score | undefined;
  /** Derived rows of a lane; undefined while they are not known. */
  shapes: (row: Row) => readonly DerivedShape[] | undefined;
}

/** One line of the picture. */
export interface Line {
  kind: 'group' | 'object' | 'derived' | 'waiting';
  /** Objects: their lane; groups: what they group by; derived rows: both. Unique, and the same in every layout. */
  key: string;
  depth: number;
  label: string;
  /** Before the label, dimmed: a kind, a group of derived rows. */
  prefix: string;
  /** Index of the object, -1 for groups. */
  row: number;
  /** Of derived rows. */
  shape?: DerivedShape;
  /** Has lines below it that can be hidden; they are. */
  parent: boolean;
  folded: boolean;
  /** Derived rows are shown. */
  open: boolean;
  /** Objects below a group or a hidden part. */
  count: number;
}

/** Lines with their places, in pixels from the top. */
export interface Layout {
  lines: readonly Line[];
  top: Float64Array;
  height: number;
  byKey: ReadonlyMap<string, number>;
}

export interface Layouts {
  main: Layout;
  pinned: Layout;
  /** Objects that the filter leaves. */
  shown: number;
}

export const lineHeights = { group: 24, object: 24, derived: 18, waiting: 18, steps: 30 } as const;

export function heightOf(line: Line): number {
  return line.kind === 'derived' && line.shape?.steps ? lineHeights.steps : lineHeights[line.kind];
}

/** A row while the tree is made. */
interface Node {
  key: string;
  label: string;
  prefix: string;
  row: number;
  children: Node[];
  /** Objects in it, itself included. */
  count: number;
  rank: number;
}

export function rowKey(row: Row): string {
  return row.uid ? laneKey(row.cluster, row.uid) : `${row.cluster}\n?${row.kind ?? ''}/${row.namespace ?? ''}/${row.name ?? ''}`;
}

/** The key of a line in whichever list it stands. */
export function plainKey(line: Line): string {
  return line.key.startsWith('pinned\n') ? line.key.slice(7) : line.key;
}

/** Lays all rows out. */
export function layoutRows(rows: readonly Row[], options: RowOptions): Layouts {
  const kept = keptRows(rows, options);
  const roots = treeOf(rows, kept, options.group);
  for (const root of roots) weigh(root, rows, options);
  order(roots, options.sort);
  const lines: Line[] = [];
  for (const root of roots) addLines(root, 0, rows, options, lines);
  const pinned: Line[] = [];
  rows.forEach((row, i) => {
    if (options.pin.has(rowKey(row))) addObject(objectNode(row, i), 0, rows, { ...options, fold: new Set() }, pinned, false);
  });
  return { main: placed(lines), pinned: placed(pinned.map((l) => ({ ...l, key: `pinned\n${l.key}` }))), shown: kept.shown };
}

function placed(lines: readonly Line[]): Layout {
  const top = new Float64Array(lines.length + 1);
  const byKey = new Map<string, number>();
  lines.forEach((line, i) => {
    top[i + 1] = (top[i] ?? 0) + heightOf(line);
    byKey.set(line.key, i);
  });
  return { lines, top, height: top[lines.length] ?? 0, byKey };
}

/** The line at a height; clamped to what is there. */
export function lineAt(layout: Layout, y: number): number {
  let low = 0;
  let high = layout.lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.top[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface Kept {
  has: Uint8Array;
  shown: number;
}

/** How many objects the filter leaves. */
export function countShown(rows: readonly Row[], options: Pick<RowOptions, 'filter' | 'hide' | 'group'>): number {
  return keptRows(rows, options).shown;
}

/** Rows that match the filter and are not hidden, and what these stand below. */
function keptRows(rows: readonly Row[], options: Pick<RowOptions, 'filter' | 'hide' | 'group'>): Kept {
  const words = options.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const has = new Uint8Array(rows.length);
  let shown = 0;
  rows.forEach((row, i) => {
    if (options.hide.size > 0 && hidden(rows, i, options.hide)) return;
    const text = `${row.kind ?? ''} ${row.namespace ?? ''}/${row.name ?? ''}`.toLowerCase();
    if (!words.every((w) => text.includes(w))) return;
    shown++;
    has[i] = 1;
    if (options.group !== 'tree') return;
    for (let up = row.parent; up >= 0 && !has[up]; up = rows[up]?.parent ?? -1) has[up] = 1;
  });
  return { has, shown };
}

function hidden(rows: readonly Row[], index: number, hide: ReadonlySet<string>): boolean {
  for (let at = index, n = 0; at >= 0 && n < 100; at = rows[at]?.parent ?? -1, n++) {
    const row = rows[at];
    if (row && hide.has(rowKey(row))) return true;
  }
  return false;
}

function objectNode(row: Row, index: number): Node {
  return { key: rowKey(row), label: row.name || row.uid || '?', prefix: row.kind ?? row.resource ?? '', row: index, children: [], count: 1, rank: 0 };
}

function treeOf(rows: readonly Row[], kept: Kept, grouping: Grouping): Node[] {
  const roots: Node[] = [];
  const groups = new Map<string, Node>();
  const clusters = new Set(rows.map((r) => r.cluster)).size > 1;
  const group = (within: Node[], key: string, label: string, prefix: string): Node[] => {
    const known = groups.get(key);
    if (known) return known.children;
    const node: Node = { key, label, prefix, row: -1, children: [], count: 0, rank: 0 };
    groups.set(key, node);
    within.push(node);
    return node.children;
  };
  const nodes = new Map<number, Node>();
  rows.forEach((row, i) => {
    if (!kept.has[i]) return;
    const node = objectNode(row, i);
    nodes.set(i, node);
    const owner = grouping === 'tree' ? nodes.get(row.parent) : undefined;
    if (owner) {
      owner.children.push(node);
      return;
    }
    let within = roots;
    if (grouping !== 'none' && clusters) within = group(within, `c:${row.cluster}`, row.cluster, 'cluster');
    const place = `${row.cluster}/${row.namespace ?? ''}`;
    if (grouping !== 'none') within = group(within, `n:${place}`, row.namespace || 'cluster-scoped', row.namespace ? 'namespace' : '');
    if (grouping === 'kind') within = group(within, `k:${place}/${row.kind ?? ''}.${row.group ?? ''}`, row.kind ?? '?', '');
    within.push(node);
  });
  return roots;
}

/** Sums up what a node and all below it are, for sorting. */
function weigh(node: Node, rows: readonly Row[], options: RowOptions): void {
  const row = rows[node.row];
  let count = row ? 1 : 0;
  let rank = row ? rankOf(row, options) : -Infinity;
  for (const child of node.children) {
    weigh(child, rows, options);
    count += child.count;
    rank = Math.max(rank, child.rank);
  }
  node.count = count;
  node.rank = rank;
}

/** What sorts up has the higher rank. */
function rankOf(row: Row, options: RowOptions): number {
  if (options.sort === 'first') return -(row.created || row.first || 0);
  const score = options.score(row);
  if (options.sort === 'activity') return score ? score.changes + score.warning : 0;
  if (options.sort === 'failing') return score ? score.failed * 10 + score.warning * 3 + Math.min(0.9, score.changes / 1000) : 0;
  return 0;
}

function order(nodes: Node[], sort: Sorting): void {
  nodes.sort((a, b) => (sort === 'name' ? 0 : b.rank - a.rank) || late(a) - late(b));
  for (const node of nodes) order(node.children, sort);
}

/** What people run comes first, then what Kubernetes runs, then what lies in no namespace. */
function late(node: Node): number {
  if (!node.key.startsWith('n:')) return 0;
  return node.key.endsWith('/') ? 2 : node.label.startsWith('kube-') ? 1 : 0;
}

function addLines(node: Node, depth: number, rows: readonly Row[], options: RowOptions, lines: Line[]): void {
  if (node.row >= 0) {
    addObject(node, depth, rows, options, lines, node.children.length > 0);
  } else {
    const folded = options.fold.has(node.key);
    const line: Line = { kind: 'group', key: node.key, depth, label: node.label, prefix: node.prefix, row: -1, parent: true, folded, open: false, count: node.count };
    lines.push(line);
  }
  if (options.fold.has(node.key)) return;
  for (const child of node.children) addLines(child, depth + 1, rows, options, lines);
}

function addObject(node: Node, depth: number, rows: readonly Row[], options: RowOptions, lines: Line[], parent: boolean): void {
  const { key, label, prefix, row: index, count } = node;
  const row = rows[index];
  const open = options.open.has(key);
  lines.push({ kind: 'object', key, depth, label, prefix, row: index, parent, folded: parent && options.fold.has(key), open, count: count - 1 });
  if (!open || !row?.uid) return;
  const shapes = options.shapes(row);
  const below = { depth: depth + 1, row: index, parent: false, folded: false, open: false, count: 0 };
  if (!shapes) lines.push({ ...below, kind: 'waiting', key: `${key}\nwaiting`, label: '', prefix: '' });
  let group = '';
  for (const shape of shapes ?? []) {
    // A group is named once, and not beside a row of the same name.
    const prefix = shape.group === group || shape.group === shape.name ? '' : shape.group;
    lines.push({ ...below, kind: 'derived', key: `${key}\n${shape.key}`, label: shape.name, prefix, shape });
    group = shape.group;
  }
}
