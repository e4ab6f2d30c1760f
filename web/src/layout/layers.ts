import type { Line } from './group';

/** A place in a layer: of a card, or of a line that passes through the layer on its way to a later one. */
export interface Slot {
  id: string;
  /** Undefined: a line passes here. */
  card: string | undefined;
  layer: number;
  /** Slots of the layers beside this one that are joined with it, and how much each join counts. */
  left: Map<Slot, number>;
  right: Map<Slot, number>;
  /** Height, and middle once it is placed. */
  height: number;
  y: number;
}

/** Which slots a line goes through, from its card to the other. */
export interface Route {
  line: Line;
  slots: Slot[];
  /** The line is drawn against the layers: it closes a ring. */
  back: boolean;
}

export interface Layered {
  layers: Slot[][];
  routes: Route[];
}

const passHeight = 10;

/** What one owns stays together, whatever else is linked; the rest follows. */
const weights: Record<string, number> = { owns: 12, parent: 12, manages: 6, routes: 4, scales: 4, binds: 3, selects: 2 };

/** Puts the cards of one component in layers, what is linked from above left of what stands below, in an order with few crossings. */
export function layered(cards: readonly string[], lines: readonly Line[], cardHeight: number): Layered {
  const back = ringLines(cards, lines);
  const layerOf = layersOf(cards, lines, back);
  const layers: Slot[][] = [];
  const slots = new Map<string, Slot>();
  const slot = (id: string, layer: number, card: string | undefined): Slot => {
    const known = slots.get(id);
    if (known) return known;
    const made: Slot = { id, card, layer, left: new Map(), right: new Map(), height: card === undefined ? passHeight : cardHeight, y: 0 };
    slots.set(id, made);
    (layers[layer] ??= []).push(made);
    return made;
  };
  for (const card of cards) slot(card, layerOf.get(card) ?? 0, card);
  const routes = lines.map((line) => {
    const reversed = back.has(line.id);
    const [from, to] = reversed ? [line.to, line.from] : [line.from, line.to];
    const way = [slot(from, layerOf.get(from) ?? 0, from)];
    // Lines of one type from one card pass through a layer together, and part after it.
    for (let layer = (layerOf.get(from) ?? 0) + 1; layer < (layerOf.get(to) ?? 0); layer++) way.push(slot(`${from} ${line.type} ${layer}`, layer, undefined));
    way.push(slot(to, layerOf.get(to) ?? 0, to));
    for (let i = 1; i < way.length; i++) join(way[i - 1], way[i], weights[line.type] ?? 1);
    return { line, slots: way, back: reversed };
  });
  return { layers: ordered(layers.map((layer) => layer ?? [])), routes };
}

function join(a: Slot | undefined, b: Slot | undefined, weight: number): void {
  if (!a || !b) return;
  a.right.set(b, (a.right.get(b) ?? 0) + weight);
  b.left.set(a, (b.left.get(a) ?? 0) + weight);
}

/** The lines that close rings: without them every line goes one way. */
function ringLines(cards: readonly string[], lines: readonly Line[]): Set<string> {
  const out = new Map<string, Line[]>();
  for (const line of lines) out.set(line.from, [...(out.get(line.from) ?? []), line]);
  const state = new Map<string, 'open' | 'done'>();
  const found = new Set<string>();
  for (const root of cards) {
    if (state.has(root)) continue;
    const stack = [{ card: root, next: 0 }];
    state.set(root, 'open');
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const line = out.get(top.card)?.[top.next++];
      if (!line) {
        state.set(top.card, 'done');
        stack.pop();
      } else if (state.get(line.to) === 'open') found.add(line.id);
      else if (!state.has(line.to)) {
        state.set(line.to, 'open');
        stack.push({ card: line.to, next: 0 });
      }
    }
  }
  return found;
}

/** Each card one layer behind the last of those that stand above it; what nothing stands above, right before the first of those below. */
function layersOf(cards: readonly string[], lines: readonly Line[], back: ReadonlySet<string>): Map<string, number> {
  const below = new Map<string, string[]>();
  const waiting = new Map<string, number>(cards.map((card) => [card, 0]));
  for (const line of lines) {
    const [from, to] = back.has(line.id) ? [line.to, line.from] : [line.from, line.to];
    below.set(from, [...(below.get(from) ?? []), to]);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const sources = cards.filter((card) => waiting.get(card) === 0);
  const layerOf = new Map<string, number>(sources.map((card) => [card, 0]));
  const queue = [...sources];
  for (let card = queue.shift(); card !== undefined; card = queue.shift()) {
    for (const to of below.get(card) ?? []) {
      layerOf.set(to, Math.max(layerOf.get(to) ?? 0, (layerOf.get(card) ?? 0) + 1));
      waiting.set(to, (waiting.get(to) ?? 0) - 1);
      if (waiting.get(to) === 0) queue.push(to);
    }
  }
  for (const card of sources) {
    const first = Math.min(...(below.get(card) ?? []).map((to) => layerOf.get(to) ?? 1));
    if (Number.isFinite(first)) layerOf.set(card, Math.max(0, first - 1));
  }
  return layerOf;
}

const sweeps = 8;

/** Orders each layer by where its neighbours are, to and fro, and keeps the order with the fewest crossings. */
function ordered(layers: Slot[][]): Slot[][] {
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(best);
  const now = best.map((layer) => [...layer]);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const forth = sweep % 2 === 0;
    for (let i = forth ? 1 : now.length - 2; i >= 0 && i < now.length; i += forth ? 1 : -1) {
      const place = new Map((now[forth ? i - 1 : i + 1] ?? []).map((slot, at) => [slot, at]));
      const mean = new Map((now[i] ?? []).map((slot, at) => [slot, meanOf(forth ? slot.left : slot.right, place) ?? at]));
      now[i]?.sort((a, b) => (mean.get(a) ?? 0) - (mean.get(b) ?? 0));
    }
    const count = crossings(now);
    if (count >= fewest) continue;
    fewest = count;
    best = now.map((layer) => [...layer]);
  }
  return best;
}

function meanOf(slots: ReadonlyMap<Slot, number>, place: ReadonlyMap<Slot, number>): number | undefined {
  if (slots.size === 0) return undefined;
  let [sum, all] = [0, 0];
  for (const [slot, weight] of slots) {
    sum += (place.get(slot) ?? 0) * weight;
    all += weight;
  }
  return sum / all;
}

/** How many joins cross, each crossing as much as what crosses weighs: counted between each two layers with a tree of sums. */
export function crossings(layers: readonly (readonly Slot[])[]): number {
  let total = 0;
  for (let i = 0; i + 1 < layers.length; i++) {
    const right = layers[i + 1] ?? [];
    const place = new Map(right.map((slot, at) => [slot, at]));
    const sums = new Float64Array(right.length + 1);
    let seen = 0;
    for (const slot of layers[i] ?? []) {
      const ends = [...slot.right].map(([to, weight]) => [place.get(to) ?? 0, weight] as const);
      for (const [end, weight] of ends) {
        let before = 0;
        for (let at = end + 1; at > 0; at -= at & -at) before += sums[at] ?? 0;
        total += (seen - before) * weight;
      }
      for (const [end, weight] of ends) {
        for (let at = end + 1; at < sums.length; at += at & -at) sums[at] = (sums[at] ?? 0) + weight;
        seen += weight;
      }
    }
  }
  return total;
}
