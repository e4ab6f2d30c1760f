import type { GraphEdge, GraphNode, Seen } from './graph';

/** What is drawn as one card: an object, or many alike ones. */
export interface Card {
  id: string;
  /** One object, or those that are grouped. */
  members: GraphNode[];
  group: boolean;
}

/** Links between two cards, drawn as one line for each type. */
export interface Line {
  id: string;
  type: string;
  from: string;
  to: string;
  edges: GraphEdge[];
}

export interface Grouped {
  cards: Card[];
  lines: Line[];
  /** The card that an object is on. */
  cardOf: Map<string, string>;
  /** The groups that are open, by the objects in them: for closing them again. */
  openOf: Map<string, string>;
}

/** So many alike ones of one owner are shown one by one; more become a group. */
export const fewOwned = 6;
/** So many alike ones that nobody owns. */
export const fewLoose = 12;

/**
 * Puts objects of one kind and one owner together where there are many: the 50 Pods of a ReplicaSet become one card, and the Pods of 60 ReplicaSets that
 * are one card as well. What is open (by the id of the group) or kept is shown one by one.
 */
export function groupAlike(seen: Seen, open: ReadonlySet<string>, keep: ReadonlySet<string>): Grouped {
  const grouped: Omit<Grouped, 'lines'> = { cards: [], cardOf: new Map(), openOf: new Map() };
  const owner = ownersOf(seen);
  let waiting = [...seen.nodes];
  while (waiting.length > 0) {
    const ready = waiting.filter((node) => grouped.cardOf.has(owner.get(node.key) ?? '') || !owner.has(node.key));
    // Owners in a ring own nobody.
    const now = ready.length > 0 ? ready : waiting;
    const placed = new Set(now);
    waiting = waiting.filter((node) => !placed.has(node));
    putTogether(now, owner, open, keep, grouped);
  }
  return { ...grouped, lines: linesOf(seen.edges, grouped.cardOf) };
}

/** The first owner of each object that is shown. */
function ownersOf(seen: Seen): Map<string, string> {
  const shown = new Set(seen.nodes.map((node) => node.key));
  const owner = new Map<string, string>();
  for (const edge of seen.edges) if (edge.type === 'owns' && shown.has(edge.parent) && !owner.has(edge.child)) owner.set(edge.child, edge.parent);
  return owner;
}

function putTogether(nodes: readonly GraphNode[], owner: ReadonlyMap<string, string>, open: ReadonlySet<string>, keep: ReadonlySet<string>, into: Omit<Grouped, 'lines'>): void {
  const alike = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const above = into.cardOf.get(owner.get(node.key) ?? '') ?? '';
    const id = keep.has(node.key) ? node.key : `${above}>${node.ref.resource ?? node.ref.kind ?? ''}>${node.ref.namespace ?? ''}`;
    const list = alike.get(id);
    if (list) list.push(node);
    else alike.set(id, [node]);
  }
  for (const [id, members] of alike) {
    const many = members.length > (id.startsWith('>') ? fewLoose : fewOwned);
    if (many && open.has(id)) for (const m of members) into.openOf.set(m.key, id);
    const made = many && !open.has(id) ? [{ id, members, group: true }] : members.map((m) => ({ id: m.key, members: [m], group: false }));
    for (const card of made) {
      into.cards.push(card);
      for (const m of card.members) into.cardOf.set(m.key, card.id);
    }
  }
}

function linesOf(edges: readonly GraphEdge[], cardOf: ReadonlyMap<string, string>): Line[] {
  const lines = new Map<string, Line>();
  for (const edge of edges) {
    const [from, to] = [cardOf.get(edge.parent), cardOf.get(edge.child)];
    if (from === undefined || to === undefined || from === to) continue;
    const id = `${edge.type} ${from} ${to}`;
    const line = lines.get(id);
    if (line) line.edges.push(edge);
    else lines.set(id, { id, type: edge.type, from, to, edges: [edge] });
  }
  return [...lines.values()];
}
