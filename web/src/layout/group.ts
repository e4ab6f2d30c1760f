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
 * Puts objects of one kind and one owner together where there are many: the 50 Pods of a ReplicaSet become one card. What is open (by the id of the
 * group) or kept is shown one by one.
 */
export function groupAlike(seen: Seen, open: ReadonlySet<string>, keep: ReadonlySet<string>): Grouped {
  const owner = new Map<string, string>();
  for (const edge of seen.edges) if (edge.type === 'owns' || !owner.has(edge.child)) owner.set(edge.child, edge.type === 'owns' ? edge.parent : '');
  const alike = new Map<string, GraphNode[]>();
  for (const node of seen.nodes) {
    const id = keep.has(node.key) ? node.key : `${owner.get(node.key) ?? ''}>${node.ref.resource ?? node.ref.kind ?? ''}>${node.ref.namespace ?? ''}`;
    const list = alike.get(id);
    if (list) list.push(node);
    else alike.set(id, [node]);
  }
  const cards: Card[] = [];
  const cardOf = new Map<string, string>();
  const openOf = new Map<string, string>();
  for (const [id, members] of alike) {
    const many = members.length > (id.startsWith('>') ? fewLoose : fewOwned);
    if (many && open.has(id)) for (const m of members) openOf.set(m.key, id);
    const made = many && !open.has(id) ? [{ id, members, group: true }] : members.map((m) => ({ id: m.key, members: [m], group: false }));
    for (const card of made) {
      cards.push(card);
      for (const m of card.members) cardOf.set(m.key, card.id);
    }
  }
  return { cards, lines: linesOf(seen.edges, cardOf), cardOf, openOf };
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
