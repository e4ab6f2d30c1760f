/** Which questions a graph is made of, and the graph as their answers come in. It draws nothing. */
import { ApiError, ask } from '../../api/client';
import type { Coverage, Ref, Row, Rows, Tree } from '../../api/types';
import { addRows, addTree, emptyGraph, keyOf, remove, type Graph } from '../../layout/graph';
import type { Window } from '../../time/moment';
import type { SetOfObjects } from '../../url/state';
import { treeOf, treeOfRef, windowWords } from './words';

export interface GraphAnswer {
  graph: Graph;
  /** The object asked for; undefined: a namespace. */
  root?: Ref;
  /** The window that the graph is of. */
  window: Window;
  notes: string[];
  coverage?: Coverage;
}

/** Kinds that stand beside workloads and link to them from above. */
const connectors = new Set(['services', 'horizontalpodautoscalers', 'poddisruptionbudgets', 'networkpolicies', 'ingresses', 'endpoints']);
/** What every namespace has; it comes with what uses it. */
const everywhere = new Set(['kube-root-ca.crt', 'default']);
const mostRoots = 80;
const atOnce = 3;

/** An object whose tree is asked for; touching: only what it links to something that is there already. */
interface Wanted {
  ref: Ref;
  how: { up?: number; down?: number; limit?: number };
  touching: boolean;
}

type Tell = (answer: GraphAnswer, waiting: number) => void;

/** Asks for all that the graph of a set is made of, and tells it as it comes in, with how many questions are still to be answered. more: UIDs whose own links are asked for, too. */
export async function gather(set: SetOfObjects, window: Partial<Window>, more: readonly string[], signal: AbortSignal, tell: Tell): Promise<void> {
  const question = treeOf(set, window);
  if (set.object && !question) throw new ApiError(400, { kind: 'bad-question', detail: `“${set.object}” is no object: it is written as kind/name, like deploy/web.` });
  const graph = emptyGraph();
  const notes: string[] = [];
  const tree = question && (await ask<Tree>('tree', question, signal));
  if (tree) add(graph, tree, notes);
  const root = tree?.object;
  const rows = await ask<Rows>('rows', { cluster: root?.cluster ?? set.cluster, namespace: root ? (root.namespace ?? '-') : set.namespace, ...windowWords(window), limit: 1500 }, signal).catch((error: unknown) => {
    // A graph of an object is one without its neighbours, too; one of a namespace is not.
    if (!tree || signal.aborted) throw error;
    return undefined;
  });
  const answer: GraphAnswer = { graph, window: windowFor(window, rows, graph), notes, ...(root ? { root } : {}), ...(tree ? { coverage: tree.coverage } : rows ? { coverage: rows.coverage } : {}) };
  if (rows?.cut) notes.push(rows.cut);
  const roots = rootsOf(rows?.rows ?? [], tree !== undefined);
  if (roots.length > mostRoots) notes.push(`Links of ${mostRoots} of ${roots.length} objects are shown: choose one of them to see its own.`);
  const wanted = [
    ...roots.slice(0, mostRoots).map((row): Wanted => ({ ref: row, how: tree ? { up: 0, down: 1, limit: 500 } : { up: 0, limit: 1000 }, touching: tree !== undefined })),
    ...more.map((uid): Wanted => ({ ref: { cluster: root?.cluster ?? set.cluster, uid }, how: { up: 1, down: 1, limit: 500 }, touching: false })),
  ];
  let waiting = wanted.length;
  const told = () => {
    if (rows) addRows(graph, rows.rows, !tree);
    leaveOut(graph, notes, root?.uid);
    answer.window = windowFor(window, rows, graph);
    // Whoever draws it compares by identity; the nodes themselves do not change while they are drawn.
    tell({ ...answer, graph: { nodes: new Map(graph.nodes), edges: new Map(graph.edges) } }, waiting);
  };
  told();
  const next = wanted.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const { ref, how, touching } of next) {
        const one = await ask<Tree>('tree', treeOfRef(ref, window, how), signal).catch((error: unknown) => {
          if (signal.aborted) throw error;
          notes.push(`The links of ${ref.name ?? ref.uid} are not known: ${error instanceof Error ? error.message : String(error)}`);
          return undefined;
        });
        waiting--;
        if (one && (!touching || one.nodes.some((node) => node.parent !== -1 && graph.nodes.has(keyOf(node))))) add(graph, one, notes);
        if (waiting % 5 === 0) told();
      }
    }),
  );
  told();
}

function add(graph: Graph, tree: Tree, notes: string[]): void {
  addTree(graph, tree);
  for (const note of [tree.cut, tree.pending]) if (note && !notes.includes(note)) notes.push(note);
}

const leftOut = 'kube-root-ca.crt, which every Pod mounts, is left out.';

function leaveOut(graph: Graph, notes: string[], asked: string | undefined): void {
  for (const node of graph.nodes.values()) {
    if (node.ref.resource !== 'configmaps' || node.ref.name !== 'kube-root-ca.crt' || node.key === asked) continue;
    remove(graph, node.key);
    if (!notes.includes(leftOut)) notes.push(leftOut);
  }
}

/** The rows whose trees are asked for, in the order in which they are: without an object all that nothing owns, beside an object what links to it. */
export function rootsOf(rows: readonly Row[], beside: boolean): Row[] {
  return rows.filter((row) => row.parent === -1 && !everywhere.has(row.name ?? '') && (!beside || connectors.has(row.resource ?? ''))).sort(byWeight);
}

/** Workloads first, then what links to them, then the rest. */
function byWeight(a: Row, b: Row): number {
  return weight(b) - weight(a);
}

function weight(row: Row): number {
  if (row.group === 'apps' || row.group === 'batch') return 3;
  if (connectors.has(row.resource ?? '')) return 2;
  return row.resource === 'pods' ? 1 : 0;
}

/** The window asked for, or that of all that is there. */
export function windowFor(window: Partial<Window>, rows: Rows | undefined, graph: Graph): Window {
  const moments = [...graph.nodes.values()].flatMap((n) => [n.from, n.to]).filter((at) => Number.isFinite(at) && at > 0);
  const from = window.from ?? rows?.from ?? Math.min(...moments, Infinity);
  const to = window.to ?? rows?.to ?? Math.max(...moments, -Infinity);
  return { from: Number.isFinite(from) ? from : 0, to: Number.isFinite(to) ? Math.max(to, from) : 0 };
}
