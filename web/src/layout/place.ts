/** A rectangle on the plane. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Where everything lies. */
export interface Placed {
  boxes: Map<string, Box>;
  /** The points of each line, from its beginning to its end. */
  lines: Map<string, Point[]>;
  width: number;
  height: number;
}

/** A line through points, with rounded corners, as the d of an SVG path. */
export function pathOf(points: readonly Point[], radius = 8): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let d = `M${round(first.x)} ${round(first.y)}`;
  let before = first;
  rest.forEach((corner, i) => {
    const after = rest[i + 1];
    if (!after) {
      d += `L${round(corner.x)} ${round(corner.y)}`;
      return;
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const [a, b] = [towards(corner, before, r), towards(corner, after, r)];
    d += `L${round(a.x)} ${round(a.y)}Q${round(corner.x)} ${round(corner.y)} ${round(b.x)} ${round(b.y)}`;
    before = corner;
  });
  return d;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const all = distance(from, to);
  return all === 0 ? from : { x: from.x + ((to.x - from.x) * by) / all, y: from.y + ((to.y - from.y) * by) / all };
}

/** The middle of the longest piece of a line: where its label stands. */
export function labelPoint(points: readonly Point[]): Point {
  let best = { length: -1, x: 0, y: 0 };
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    if (!a || !b || distance(a, b) <= best.length) continue;
    best = { length: distance(a, b), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }
  return { x: best.x, y: best.y };
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The nearest box in a direction; what lies straight ahead is nearer than what lies aslant. Undefined: none. */
export function boxTowards(boxes: ReadonlyMap<string, Box>, from: string, direction: Direction): string | undefined {
  const here = boxes.get(from);
  if (!here) return boxes.keys().next().value;
  const across = direction === 'up' || direction === 'down';
  const sign = direction === 'right' || direction === 'down' ? 1 : -1;
  let best: string | undefined;
  let least = Infinity;
  for (const [id, box] of boxes) {
    if (id === from) continue;
    const dx = box.x + box.width / 2 - (here.x + here.width / 2);
    const dy = box.y + box.height / 2 - (here.y + here.height / 2);
    const ahead = (across ? dy : dx) * sign;
    const aside = Math.abs(across ? dx : dy);
    if (ahead < 4) continue;
    const far = ahead + aside * 2.5;
    if (far < least) [least, best] = [far, id];
  }
  return best;
}

/** How a plane is seen: its point x, y lies at the left upper corner, scale pixels for each of its units. */
export interface Lens {
  x: number;
  y: number;
  scale: number;
}

export const leastScale = 0.08;
export const mostScale = 2.5;

/** Everything in a window, not larger than life. */
export function fitting(content: Box, width: number, height: number, margin = 32): Lens {
  const scale = Math.max(leastScale, Math.min(1.1, (width - margin * 2) / Math.max(1, content.width), (height - margin * 2) / Math.max(1, content.height)));
  return { scale, x: content.x + content.width / 2 - width / 2 / scale, y: content.y + content.height / 2 - height / 2 / scale };
}

/** A picture shown smaller than this can not be read. */
export const leastReadable = 0.5;

/** How a picture is shown at first: whole; what is too large to be read whole begins at a size that can be read, around a box. */
export function firstLens(content: Box, width: number, height: number, around: Box): Lens {
  const whole = fitting(content, width, height);
  if (whole.scale >= leastReadable) return whole;
  const scale = 0.75;
  const margin = 40;
  return { scale, x: Math.min(around.x, Math.max(content.x, around.x - 300)) - margin, y: around.y + around.height / 2 - height / 2 / scale };
}

/** Zooms so that the point below x, y (pixels) stays there. */
export function zoomedAround(lens: Lens, x: number, y: number, factor: number): Lens {
  const scale = Math.min(mostScale, Math.max(leastScale, lens.scale * factor));
  return { scale, x: lens.x + x / lens.scale - x / scale, y: lens.y + y / lens.scale - y / scale };
}

/** Moves as little as is needed for a box to be seen. */
export function revealing(lens: Lens, box: Box, width: number, height: number, margin = 40): Lens {
  const m = margin / lens.scale;
  const [w, h] = [width / lens.scale, height / lens.scale];
  const x = Math.min(Math.max(lens.x, box.x + box.width + m - w), box.x - m);
  const y = Math.min(Math.max(lens.y, box.y + box.height + m - h), box.y - m);
  return { ...lens, x, y };
}
