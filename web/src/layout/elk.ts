import type { ELK, ElkNode } from 'elkjs/lib/elk-api';
import type { Grouped, Line } from './group';
import type { Box, Placed, Point } from './place';

export const cardWidth = 208;
export const cardHeight = 46;

let engine: Promise<ELK> | undefined;

/** The layout engine, in a worker of its own; it is large, so it is loaded when it is first needed. */
async function load(): Promise<ELK> {
  const [{ default: Elk }, { default: workerUrl }] = await Promise.all([import('elkjs/lib/elk-api.js'), import('elkjs/lib/elk-worker.min.js?url')]);
  return new Elk({ workerFactory: () => new Worker(workerUrl) });
}

const options = {
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '64',
  'elk.spacing.nodeNode': '14',
  'elk.layered.spacing.edgeNodeBetweenLayers': '18',
  'elk.spacing.edgeNode': '12',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.crossingMinimization.forceNodeModelOrder': 'false',
  'elk.separateConnectedComponents': 'true',
  'elk.spacing.componentComponent': '40',
  'elk.aspectRatio': '1.6',
};

/** Beyond this many lines their crossings are no longer minimized so thoroughly: it would take seconds. */
const manyLines = 600;

/** Lays cards out in layers, what owns left of what is owned. */
export async function place(grouped: Grouped): Promise<Placed> {
  engine ??= load();
  const elk = await engine.catch((error: unknown) => {
    engine = undefined;
    throw error;
  });
  const many = grouped.lines.length > manyLines;
  const laid = await elk.layout({
    id: 'all',
    layoutOptions: { ...options, ...(many ? { 'elk.layered.thoroughness': '2', 'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF' } : {}) },
    children: cardsOf(grouped),
    edges: grouped.lines.map((line) => ({ id: line.id, sources: [portOf(line, 'out')], targets: [portOf(line, 'in')] })),
  });
  return placedOf(laid);
}

type Side = 'out' | 'in';

function portOf(line: Line, side: Side): string {
  return `${side} ${line.type} ${side === 'out' ? line.from : line.to}`;
}

/**
 * A card has a port for each type of link that leaves it and each that arrives: lines of one type from one card share a trunk, those of two cards never
 * do, so that one sees whose they are.
 */
function cardsOf(grouped: Grouped): ElkNode[] {
  const ports = new Map<string, Map<string, Side>>();
  const put = (card: string, port: string, side: Side) => ports.set(card, (ports.get(card) ?? new Map<string, Side>()).set(port, side));
  for (const line of grouped.lines) {
    put(line.from, portOf(line, 'out'), 'out');
    put(line.to, portOf(line, 'in'), 'in');
  }
  return grouped.cards.map((card) => ({
    id: card.id, width: cardWidth, height: cardHeight,
    layoutOptions: { 'elk.portConstraints': 'FIXED_SIDE', 'elk.portAlignment.default': 'CENTER', 'elk.spacing.portPort': '7' },
    ports: [...(ports.get(card.id) ?? [])].map(([id, side]) => ({ id, width: 0, height: 0, layoutOptions: { 'elk.port.side': side === 'out' ? 'EAST' : 'WEST' } })),
  }));
}

function placedOf(laid: ElkNode): Placed {
  const boxes = new Map<string, Box>();
  for (const child of laid.children ?? []) boxes.set(child.id, { x: child.x ?? 0, y: child.y ?? 0, width: child.width ?? cardWidth, height: child.height ?? cardHeight });
  const lines = new Map<string, Point[]>();
  for (const edge of laid.edges ?? []) {
    const points = (edge.sections ?? []).flatMap((s) => [s.startPoint, ...(s.bendPoints ?? []), s.endPoint]);
    lines.set(edge.id, points);
  }
  return { boxes, lines, width: laid.width ?? 0, height: laid.height ?? 0 };
}
