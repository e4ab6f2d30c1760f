/** Lines of the graph: what they say, and what they link. Pure. */
import type { Grouped, Line } from '../../layout/group';
import { labelPoint, type Placed } from '../../layout/place';

/** Words on a line. */
export interface Label {
  id: string;
  text: string;
  x: number;
  y: number;
}

const mostLabels = 30;

/** One label for each type and trunk; those that would lie on each other are moved apart. */
export function labelsOf(lines: readonly Line[], placed: Placed): Label[] {
  const labels: Label[] = [];
  for (const line of lines) {
    const points = placed.lines.get(line.id);
    if (!points || points.length < 2 || labels.length >= mostLabels) continue;
    const { x, y } = labelPoint(points);
    const text = line.edges.length > 1 ? `${line.type} ×${line.edges.length}` : line.type;
    const near = labels.filter((l) => Math.abs(l.x - x) < 60 && Math.abs(l.y - y) < 15);
    if (near.some((l) => l.text === text)) continue;
    labels.push({ id: line.id, text, x, y: near.length > 0 ? Math.max(...near.map((l) => l.y)) + 17 : y });
  }
  return labels;
}

/** What a card, or a line, is linked with. */
export function nearOf(grouped: Grouped, id: string | undefined): { cards: Set<string>; lines: Set<string> } | undefined {
  if (id === undefined) return undefined;
  const lines = grouped.lines.filter((l) => l.id === id || l.from === id || l.to === id);
  if (lines.length === 0) return { cards: new Set([id]), lines: new Set() };
  return { cards: new Set(lines.flatMap((l) => [l.from, l.to])), lines: new Set(lines.map((l) => l.id)) };
}
