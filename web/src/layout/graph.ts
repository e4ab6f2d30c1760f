import type { Link, LinkEnd, Ref, Row, Tree, TreeNode, When } from '../api/types';
import { parseMoment, second, type Moment } from '../time/moment';

/** An object of a graph. */
export interface GraphNode {
  /** Its UID; of one that is known by its name alone, that. */
  key: string;
  ref: Ref;
  /** Known only because others name it. */
  stub: boolean;
  /** From when to when it lived, as far as is known. */
  from: Moment;
  to: Moment;
  /** Children that the server left out. */
  left: number;
}

/** A link between two objects: parent stands above, as in "parent owns child". */
export interface GraphEdge {
  key: string;
  type: string;
  parent: string;
  child: string;
  from: Moment;
  to: Moment;
  certainty: string;
  reason: string;
  field: string;
}

/** Objects and links over a window. It is put together from several answers. */
export interface Graph {
  nodes: Map<string, GraphNode>;
  edges: Map<string, GraphEdge>;
}

export function emptyGraph(): Graph {
  return { nodes: new Map(), edges: new Map() };
}

/** The key of an object. */
export function keyOf(ref: Ref): string {
  return ref.uid || [ref.cluster, ref.group, ref.resource ?? ref.kind, ref.namespace, ref.name].join('/');
}

/** Adds a tree: its nodes with the links that they were reached by, and the links among them beside that. */
export function addTree(graph: Graph, tree: Tree): void {
  tree.nodes.forEach((node) => addNode(graph, node));
  for (const node of tree.nodes) for (const link of [node.via, ...(node.others ?? [])]) if (link) addLink(graph, link);
}

/** Adds a link, and its ends where they are not there yet. */
export function addLink(graph: Graph, link: Link): void {
  const [parent, child] = [addEnd(graph, link.parent), addEnd(graph, link.child)];
  const key = `${link.type} ${parent} ${child} ${link.since?.at ?? ''}`;
  if (parent === child || graph.edges.has(key)) return;
  graph.edges.set(key, {
    key, type: link.type, parent, child, from: momentOf(link.since) ?? -Infinity, to: momentOf(link.until) ?? Infinity,
    certainty: link.certainty, reason: link.reason ?? '', field: link.field ?? '',
  });
}

/** Takes an object out, with its links. */
export function remove(graph: Graph, key: string): void {
  graph.nodes.delete(key);
  for (const edge of graph.edges.values()) if (edge.parent === key || edge.child === key) graph.edges.delete(edge.key);
}

/** Tells when objects lived that were known by a link alone. With all, rows that are not there yet are added, with the owners that they stand below. */
export function addRows(graph: Graph, rows: readonly Row[], all = false): void {
  for (const row of rows) {
    if (all) addEnd(graph, endOf(row));
    const node = graph.nodes.get(keyOf(row));
    if (!node) continue;
    node.from = beginning(row.created, row.first) ?? node.from;
    if (row.over) node.to = row.ended ?? row.last ?? node.to;
  }
  if (!all) return;
  const owned = new Set([...graph.edges.values()].map((edge) => `${edge.type} ${edge.parent} ${edge.child}`));
  for (const row of rows) {
    const above = rows[row.parent];
    if (above && row.via && !owned.has(`${row.via} ${keyOf(above)} ${keyOf(row)}`)) addLink(graph, { type: row.via, rule: '', parent: endOf(above), child: endOf(row), certainty: 'exact' });
  }
}

/** When a life began: it is told in whole seconds, so what was first seen within that second began then. */
function beginning(created: Moment | undefined, first: Moment | undefined): Moment | undefined {
  return created !== undefined && first !== undefined && first > created && first - created < second ? first : (created ?? first);
}

function endOf(row: Row): LinkEnd {
  const { ended, ...end } = row;
  void ended;
  return end;
}

function addNode(graph: Graph, node: TreeNode): void {
  const key = addEnd(graph, node);
  const known = graph.nodes.get(key);
  if (!known) return;
  const created = parseMoment(node.createdAt);
  const first = parseMoment(node.firstSeen);
  known.from = beginning(created, first) ?? known.from;
  known.left = Math.max(known.left, node.left ?? 0);
}

function addEnd(graph: Graph, end: LinkEnd): string {
  const key = keyOf(end);
  const known = graph.nodes.get(key);
  const over = parseMoment(end.endedAt);
  if (!known) {
    const { cluster, group, version, kind, resource, namespace, name, uid } = end;
    const ref = Object.fromEntries(Object.entries({ cluster, group, version, kind, resource, namespace, name, uid }).filter(([, v]) => v)) as unknown as Ref;
    graph.nodes.set(key, { key, ref, stub: end.stub ?? false, from: -Infinity, to: over ?? Infinity, left: 0 });
  } else if (over !== undefined) known.to = over;
  if (known?.stub && !end.stub) known.stub = false;
  return key;
}

function momentOf(when: When | undefined): Moment | undefined {
  return parseMoment(when?.at) ?? parseMoment(when?.notAfter) ?? parseMoment(when?.notBefore);
}

/** What of a graph is shown. */
export interface Seen {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface SeenOptions {
  /** Types of links that are left out. */
  hidden: ReadonlySet<string>;
  /** Objects that are shown though nothing links them. */
  keep: ReadonlySet<string>;
  /** Also what is over, or not there yet. */
  ended: boolean;
}

export function isThere(one: { from: Moment; to: Moment }, at: Moment): boolean {
  return one.from <= at && at < one.to;
}

/**
 * The objects and links at a moment: those that are there then, with the links that held. Objects without any link are left out unless they are to be kept. With
 * ended, all of the window; of links of one type between the same two, the newest.
 */
export function seenAt(graph: Graph, at: Moment, options: SeenOptions): Seen {
  const here = (key: string) => {
    const node = graph.nodes.get(key);
    return node !== undefined && (options.ended || isThere(node, at));
  };
  const edges = new Map<string, GraphEdge>();
  for (const edge of graph.edges.values()) {
    if (options.hidden.has(edge.type) || !(options.ended || isThere(edge, at)) || !here(edge.parent) || !here(edge.child)) continue;
    const pair = `${edge.type} ${edge.parent} ${edge.child}`;
    const before = edges.get(pair);
    if (!before || before.from < edge.from) edges.set(pair, edge);
  }
  const linked = new Set<string>();
  for (const edge of edges.values()) linked.add(edge.parent).add(edge.child);
  const nodes = [...graph.nodes.values()].filter((n) => here(n.key) && (linked.has(n.key) || options.keep.has(n.key)));
  return { nodes, edges: [...edges.values()] };
}

/** The moments at which objects or links come or go, within a window, in order. */
export function changesOf(graph: Graph, from: Moment, to: Moment, hidden: ReadonlySet<string>): Moment[] {
  const found = new Set<Moment>();
  const add = (at: Moment) => {
    if (Number.isFinite(at) && at >= from && at <= to) found.add(at);
  };
  for (const one of graph.nodes.values()) [one.from, one.to].forEach(add);
  for (const one of graph.edges.values()) if (!hidden.has(one.type)) [one.from, one.to].forEach(add);
  return [...found].sort((a, b) => a - b);
}

/** The last moment at which most of the objects were there: where to look first when everything is over by now. */
export function fullest(graph: Graph, from: Moment, to: Moment): Moment {
  const steps: [Moment, number][] = [];
  for (const node of graph.nodes.values()) {
    const [a, b] = [Math.max(from, node.from), Math.min(to, node.to)];
    if (a <= b) steps.push([a, 1], [b, -1]);
  }
  steps.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let [count, most, best] = [0, -1, to];
  for (const [at, by] of steps) {
    // What goes at a moment was there until then.
    if (by < 0 && count >= most) [most, best] = [count, at - 1];
    count += by;
  }
  return Math.min(to, Math.max(from, best));
}
