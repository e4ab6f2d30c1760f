/** The forms of records, the same wherever they are drawn: each its own, so that none is told by colour alone. Colours are the caller's. */

/** What of a canvas the forms need: so they can be drawn as SVG, too. */
export interface Pen {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  fillRect(x: number, y: number, w: number, h: number): void;
  strokeRect(x: number, y: number, w: number, h: number): void;
  beginPath(): void;
  closePath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, start: number, end: number): void;
  rect(x: number, y: number, w: number, h: number): void;
  fill(): void;
  stroke(): void;
  clip(): void;
  save(): void;
  restore(): void;
}

/** What was created: a triangle that points up. */
export function triangle(pen: Pen, x: number, y: number): void {
  const r = 4.4;
  pen.beginPath();
  pen.moveTo(x, y - r);
  pen.lineTo(x + r, y + r * 0.85);
  pen.lineTo(x - r, y + r * 0.85);
  pen.closePath();
  pen.fill();
}

/** A read: a small dot. */
export function dot(pen: Pen, x: number, y: number): void {
  pen.beginPath();
  pen.arc(x, y, 1.8, 0, 7);
  pen.fill();
}

/** A request that changed nothing: an empty box. */
export function emptyBox(pen: Pen, x: number, y: number): void {
  pen.lineWidth = 1;
  pen.strokeRect(Math.round(x) - 1.5, y - 3, 3, 6);
}

/** A normal Event: an empty diamond, on a ground of its own where one is given. */
export function emptyDiamond(pen: Pen, x: number, y: number, { ground, r = 3.6, width = 1.4 }: { ground?: unknown; r?: number; width?: number } = {}): void {
  diamond(pen, x, y, r);
  if (ground !== undefined) {
    pen.fillStyle = ground;
    pen.fill();
  }
  pen.lineWidth = width;
  pen.stroke();
}

/** A Warning: a full diamond, with an edge where one is given. */
export function fullDiamond(pen: Pen, x: number, y: number, edge?: unknown, r = 5): void {
  diamond(pen, x, y, r);
  pen.fill();
  if (edge === undefined) return;
  pen.lineWidth = 1;
  pen.strokeStyle = edge;
  pen.stroke();
}

/** A deletion: a cross. */
export function cross(pen: Pen, x: number, y: number, r = 3.4, width = 2): void {
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x - r, y - r);
  pen.lineTo(x + r, y + r);
  pen.moveTo(x + r, y - r);
  pen.lineTo(x - r, y + r);
  pen.stroke();
}

/** What failed: a ring with a bar across it, on a ground of its own, so that it is seen among ticks; nothing else is round and strong. */
export function barredRing(pen: Pen, x: number, y: number, ground: unknown, r = 4.2): void {
  pen.fillStyle = ground;
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  pen.fill();
  pen.lineWidth = 1.8;
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x - 2.7, y + 2.7);
  pen.lineTo(x + 2.7, y - 2.7);
  pen.stroke();
}

/** A hole in what was observed: a bar between two short ones. */
export function brackets(pen: Pen, x: number, y: number): void {
  pen.fillRect(x - 0.5, y - 4, 1, 8);
  pen.fillRect(x - 2.5, y - 4, 5, 1);
  pen.fillRect(x - 2.5, y + 3, 5, 1);
}

/** A rectangle. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Fills an area with slanted lines: what is not known. They join where areas of one foot do. */
export function hatch(pen: Pen, { x, y, width, height }: Area, colour: unknown, step = 7, thick = 1): void {
  if (width <= 0 || height <= 0) return;
  pen.save();
  pen.beginPath();
  pen.rect(x, y, width, height);
  pen.clip();
  pen.strokeStyle = colour;
  pen.lineWidth = thick;
  pen.beginPath();
  for (let at = Math.floor((x - height) / step) * step; at < x + width; at += step) {
    pen.moveTo(at, y + height);
    pen.lineTo(at + height, y);
  }
  pen.stroke();
  pen.restore();
}

function diamond(pen: Pen, x: number, y: number, r: number): void {
  pen.beginPath();
  pen.moveTo(x, y - r);
  pen.lineTo(x + r, y);
  pen.lineTo(x, y + r);
  pen.lineTo(x - r, y);
  pen.closePath();
}
