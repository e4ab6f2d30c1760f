import type { Grouped, Line } from './group';
import { layered, type Layered, type Route, type Slot } from './layers';
import type { Box, Placed, Point } from './place';

export const cardWidth = 208;
export const cardHeight = 46;
const gap = 14;
const channel = 52;
const laneWidth = 7;
const mostLanes = 24;
const portGap = 8;
const between = 44;

/**
 * Lays cards out in layers from left to right: what owns left of what is owned. Cards that are not linked with each other, however far around, are laid out
 * for themselves and packed in rows. The same cards and lines in the same order always lie in the same way. It takes some milliseconds for hundreds of
 * cards, so it runs while one moves through time.
 */
export function place(grouped: Grouped): Placed {
  const parts = componentsOf(grouped).map(({ cards, lines }) => placePart(layered(cards, lines, cardHeight)));
  return pack(parts);
}

interface Part {
  cards: string[];
  lines: Line[];
}

function componentsOf(grouped: Grouped): Part[] {
  const up = new Map<string, string>(grouped.cards.map((card) => [card.id, card.id]));
  const rootOf = (id: string): string => {
    let root = id;
    for (let next = up.get(root); next !== undefined && next !== root; next = up.get(root)) root = next;
    up.set(id, root);
    return root;
  };
  for (const line of grouped.lines) up.set(rootOf(line.to), rootOf(line.from));
  const parts = new Map<string, Part>();
  const partOf = (id: string): Part => {
    const root = rootOf(id);
    const known = parts.get(root) ?? { cards: [], lines: [] };
    parts.set(root, known);
    return known;
  };
  for (const card of grouped.cards) partOf(card.id).cards.push(card.id);
  for (const line of grouped.lines) partOf(line.from).lines.push(line);
  return [...parts.values()].sort((a, b) => b.cards.length - a.cards.length);
}

function placePart({ layers, routes }: Layered): Placed {
  setHeights(layers);
  const ports = portsOf(routes);
  const lanes = lanesOf(routes, ports, layers.length);
  const xs = [0];
  for (let i = 1; i < layers.length; i++) {
    const count = Math.min(mostLanes, lanes.counts[i - 1] ?? 0);
    xs.push((xs[i - 1] ?? 0) + cardWidth + channel + count * laneWidth);
  }
  const boxes = new Map<string, Box>();
  let least = Infinity;
  let most = -Infinity;
  for (const slot of layers.flat()) {
    least = Math.min(least, slot.y - slot.height / 2);
    most = Math.max(most, slot.y + slot.height / 2);
    if (slot.card !== undefined) boxes.set(slot.card, { x: xs[slot.layer] ?? 0, y: slot.y - cardHeight / 2, width: cardWidth, height: cardHeight });
  }
  for (const box of boxes.values()) box.y -= least;
  const lines = new Map<string, Point[]>();
  for (const route of routes) {
    const points = pointsOf(route, ports, lanes, xs).map(({ x, y }) => ({ x, y: y - least }));
    lines.set(route.line.id, route.back ? points.reverse() : points);
  }
  return { boxes, lines, width: (xs.at(-1) ?? 0) + cardWidth, height: most - least };
}

const passes = 12;

/** Brings each slot to the height of its neighbours, as far as those above and below it leave room. */
function setHeights(layers: readonly Slot[][]): void {
  for (const layer of layers) settle(layer, layer.map((_, i) => i * (cardHeight + gap)));
  for (let pass = 0; pass < passes; pass++) {
    const forth = pass % 2 === 0;
    for (let k = 0; k < layers.length; k++) {
      const layer = layers[forth ? k : layers.length - 1 - k] ?? [];
      settle(layer, layer.map((slot) => {
        const near = pass < passes - 2 ? [...(forth ? slot.left : slot.right)] : [...slot.left, ...slot.right];
        let [sum, all] = [0, 0];
        for (const [other, weight] of near) {
          sum += other.y * weight;
          all += weight;
        }
        return all === 0 ? slot.y : sum / all;
      }));
    }
  }
}

/** The heights nearest to those wanted (by the sum of squares) that keep the order and leave room: neighbours that would overlap move as one block. */
function settle(layer: readonly Slot[], wanted: readonly number[]): void {
  const blocks: { sum: number; count: number; first: number }[] = [];
  const offsets: number[] = [];
  layer.forEach((slot, i) => {
    const before = layer[i - 1];
    offsets[i] = before ? (offsets[i - 1] ?? 0) + before.height / 2 + gap + slot.height / 2 : 0;
    blocks.push({ sum: (wanted[i] ?? 0) - (offsets[i] ?? 0), count: 1, first: i });
    for (let last = blocks.at(-1), previous = blocks.at(-2); last && previous && previous.sum / previous.count > last.sum / last.count; last = blocks.at(-1), previous = blocks.at(-2)) {
      previous.sum += last.sum;
      previous.count += last.count;
      blocks.pop();
    }
  });
  blocks.forEach((block) => {
    for (let i = block.first; i < block.first + block.count; i++) {
      const slot = layer[i];
      if (slot) slot.y = block.sum / block.count + (offsets[i] ?? 0);
    }
  });
}

/** How far above or below a card's middle a type of line leaves or arrives. */
type Ports = Map<string, number>;

function portKey(side: 'out' | 'in', card: string, type: string): string {
  return `${side} ${card} ${type}`;
}

function portsOf(routes: readonly Route[]): Ports {
  const types = new Map<string, { side: 'out' | 'in'; card: string; heights: Map<string, number[]> }>();
  const put = (side: 'out' | 'in', card: string, type: string, towards: number) => {
    const key = `${side} ${card}`;
    const known = types.get(key) ?? { side, card, heights: new Map<string, number[]>() };
    types.set(key, known);
    known.heights.set(type, [...(known.heights.get(type) ?? []), towards]);
  };
  for (const { line, slots } of routes) {
    const [first, second] = slots;
    const [last, previous] = [slots.at(-1), slots.at(-2)];
    if (first?.card !== undefined) put('out', first.card, line.type, second?.y ?? 0);
    if (last?.card !== undefined) put('in', last.card, line.type, previous?.y ?? 0);
  }
  const ports: Ports = new Map();
  for (const { side, card, heights } of types.values()) {
    const mean = (list: number[]) => list.reduce((sum, y) => sum + y, 0) / list.length;
    const order = [...heights].sort((a, b) => mean(a[1]) - mean(b[1]) || (a[0] < b[0] ? -1 : 1));
    const step = Math.min(portGap, (cardHeight - 12) / Math.max(1, order.length - 1));
    order.forEach(([type], i) => ports.set(portKey(side, card, type), (i - (order.length - 1) / 2) * step));
  }
  return ports;
}

/**
 * Each trunk turns in a lane of its own between two layers: the lines of one type from one slot, or those that come from several slots, each of which has no
 * other, to one.
 */
interface Lanes {
  /** Where in the channel it lies, 0 to 1. */
  of: Map<string, number>;
  /** How many there are behind each layer. */
  counts: number[];
  /** How many lines of a type leave or reach a slot. */
  ends: Map<string, number>;
}

interface Trunk {
  key: string;
  from: number;
  to: number;
  count: number;
}

function trunkKey(from: Slot, to: Slot, type: string, ends: ReadonlyMap<string, number>): string {
  const alone = (ends.get(`out ${from.id} ${type}`) ?? 0) < 2 && (ends.get(`in ${to.id} ${type}`) ?? 0) > 1;
  return alone ? `in ${to.id} ${type}` : `out ${from.id} ${type}`;
}

/**
 * Which lane a trunk turns in. Of those that go down the upper ones turn last, of those that go up the lower ones: then they cross neither each other's
 * beginnings nor ends.
 */
function lanesOf(routes: readonly Route[], ports: Ports, layers: number): Lanes {
  const ends = endsOf(routes);
  const trunks: Map<string, Trunk>[] = Array.from({ length: layers }, () => new Map<string, Trunk>());
  for (const { line, slots } of routes) {
    for (let i = 0; i + 1 < slots.length; i++) {
      const [from, to] = [slots[i], slots[i + 1]];
      if (!from || !to) continue;
      const [y1, y2] = [heightAt(from, 'out', line, ports), heightAt(to, 'in', line, ports)];
      const key = trunkKey(from, to, line.type, ends);
      const trunk = trunks[from.layer]?.get(key) ?? { key, from: 0, to: 0, count: 0 };
      trunk.from += y1;
      trunk.to += y2;
      trunk.count++;
      trunks[from.layer]?.set(key, trunk);
    }
  }
  const of = new Map<string, number>();
  const counts = trunks.map((behind) => {
    const goesUp = (t: Trunk) => t.to < t.from;
    const start = (t: Trunk) => t.from / t.count;
    const all = [...behind.values()];
    const order = [...all.filter(goesUp).sort((a, b) => start(a) - start(b)), ...all.filter((t) => !goesUp(t)).sort((a, b) => start(b) - start(a))];
    order.forEach((trunk, i) => of.set(trunk.key, (i + 1) / (order.length + 1)));
    return order.length;
  });
  return { of, counts, ends };
}

function endsOf(routes: readonly Route[]): Map<string, number> {
  const joined = new Map<string, Set<string>>();
  const put = (key: string, other: string) => joined.set(key, (joined.get(key) ?? new Set<string>()).add(other));
  for (const { line, slots } of routes) {
    for (let i = 0; i + 1 < slots.length; i++) {
      const [from, to] = [slots[i], slots[i + 1]];
      if (!from || !to) continue;
      put(`out ${from.id} ${line.type}`, to.id);
      put(`in ${to.id} ${line.type}`, from.id);
    }
  }
  return new Map([...joined].map(([key, others]) => [key, others.size]));
}

function heightAt(slot: Slot, side: 'out' | 'in', line: Line, ports: Ports): number {
  return slot.y + (slot.card === undefined ? 0 : (ports.get(portKey(side, slot.card, line.type)) ?? 0));
}

function pointsOf({ line, slots }: Route, ports: Ports, lanes: Lanes, xs: readonly number[]): Point[] {
  const points: Point[] = [];
  for (let i = 0; i + 1 < slots.length; i++) {
    const [from, to] = [slots[i], slots[i + 1]];
    if (!from || !to) continue;
    const [x1, x2] = [(xs[from.layer] ?? 0) + cardWidth, xs[to.layer] ?? 0];
    const [y1, y2] = [heightAt(from, 'out', line, ports), heightAt(to, 'in', line, ports)];
    points.push({ x: x1, y: y1 });
    if (Math.abs(y1 - y2) >= 0.5) {
      // Room at both ends: for the head of the arrow, and so that a line is seen to leave its card.
      const x = x1 + 12 + (x2 - x1 - 30) * (lanes.of.get(trunkKey(from, to, line.type, lanes.ends)) ?? 0.5);
      points.push({ x, y: y1 }, { x, y: y2 });
    }
    points.push({ x: x2, y: y2 });
  }
  return points;
}

/** Packs parts in rows, the first and largest above. */
function pack(parts: readonly Placed[]): Placed {
  const area = parts.reduce((sum, p) => sum + (p.width + between) * (p.height + between), 0);
  const widest = Math.max(0, ...parts.map((p) => p.width), Math.sqrt(area * 1.7));
  const all: Placed = { boxes: new Map(), lines: new Map(), width: 0, height: 0 };
  let [x, y, high] = [0, 0, 0];
  for (const part of parts) {
    if (x > 0 && x + part.width > widest) [x, y, high] = [0, y + high + between, 0];
    for (const [id, box] of part.boxes) all.boxes.set(id, { ...box, x: box.x + x, y: box.y + y });
    for (const [id, points] of part.lines) all.lines.set(id, points.map((p) => ({ x: p.x + x, y: p.y + y })));
    high = Math.max(high, part.height);
    all.width = Math.max(all.width, x + part.width);
    all.height = Math.max(all.height, y + part.height);
    x += part.width + between;
  }
  return all;
}
