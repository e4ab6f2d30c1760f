/** Draws single records as glyphs, and columns that count those that are too dense for glyphs. */
import type { Palette } from '../theme/palette';
import { barredRing, brackets, cross, dot, emptyBox, emptyDiamond, fullDiamond, triangle } from '../theme/shapes';
import { xOf } from '../time/scale';
import type { Assembled } from './assemble';
import { glyphY, type Place } from './draw_lane';
import { shapes, type Shape } from './lanedata';
import type { Look } from './look';
import type { Paint } from './paint';

const code = Object.fromEntries(shapes.map((s, i) => [s, i])) as Record<Shape, number>;

/** What is closer than this is drawn as ticks: glyphs would cover each other. */
export const glyphRoom = 6;

/** The order in which shapes are drawn: what matters more lies above. */
const layers: readonly (readonly Shape[])[] = [['read', 'seen', 'gap', 'noop'], ['normal'], ['change'], ['create'], ['delete'], ['warning'], ['failed']];

export function colourOf(p: Palette, shape: Shape): string {
  switch (shape) {
    case 'read':
      return p.read;
    case 'failed':
      return p.failed;
    case 'delete':
      return p.delete;
    case 'span':
      return p.span;
    case 'normal':
      return p.normal;
    case 'warning':
      return p.warning;
    case 'gap':
      return p.textFaint;
    default:
      return p.change;
  }
}

/** Draws all marks of a lane whose row begins at y. */
export function drawMarks(place: Place, lane: Assembled, y: number, rowHeight: number): void {
  drawSpans(place, lane, y);
  for (const layer of layers) for (const shape of layer) drawShape(place, lane, shape, y, rowHeight);
}

function drawSpans({ paint, look, scale, left }: Place, lane: Assembled, y: number): void {
  paint.fillStyle = look.palette.span;
  for (let i = 0; i < lane.marks; i++) {
    const at = lane.markAt[i] ?? 0;
    const until = lane.markUntil[i] ?? 0;
    const span = lane.markShape[i] === code.span;
    if (!span && until === at) continue;
    const x0 = Math.max(0, xOf(scale, at));
    const x1 = Math.min(scale.width, xOf(scale, until));
    if (span) paint.fillRect(left + x0, y + glyphY - 2, Math.max(2, x1 - x0), 4);
    else if (x1 - x0 > 5) {
      paint.globalAlpha = 0.45;
      paint.fillRect(left + x0, y + glyphY - 0.5, x1 - x0, 1);
      paint.globalAlpha = 1;
    }
  }
}

function drawShape(place: Place, lane: Assembled, shape: Shape, y: number, rowHeight: number): void {
  const { paint, look, scale, left } = place;
  const wanted = code[shape];
  const sprite = look.sprites?.get(shape);
  let ready = false;
  for (let i = 0; i < lane.marks; i++) {
    if (lane.markShape[i] !== wanted) continue;
    const x = Math.round(xOf(scale, lane.markAt[i] ?? 0));
    if (x < -8 || x > scale.width + 8) continue;
    if (!ready) {
      paint.fillStyle = paint.strokeStyle = colourOf(look.palette, shape);
      ready = true;
    }
    if (crowded(lane, i, scale.perPixel)) drawTick(paint, shape, left + x, y);
    else if (sprite && paint.drawImage) paint.drawImage(sprite, left + x - spriteWidth / 2, Math.round(y + glyphY - spriteHeight / 2), spriteWidth, spriteHeight);
    else drawGlyph(paint, look, shape, left + x, y + glyphY, y + rowHeight);
  }
}

/** A glyph's own little picture; its middle is that of the glyph. */
const spriteWidth = 16;
const spriteHeight = 17;

/** Draws glyphs beforehand, at the device's resolution. Those that are mere rectangles are as cheap without. */
export function spritesOf(look: Look, ratio: number): Map<string, HTMLCanvasElement> {
  const sprites = new Map<string, HTMLCanvasElement>();
  for (const shape of ['create', 'delete', 'failed', 'normal', 'warning', 'read'] as const) {
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(spriteWidth * ratio);
    canvas.height = Math.ceil(spriteHeight * ratio);
    const context = canvas.getContext('2d');
    if (!context) continue;
    context.scale(canvas.width / spriteWidth, canvas.height / spriteHeight);
    context.fillStyle = context.strokeStyle = colourOf(look.palette, shape);
    drawGlyph(context, look, shape, spriteWidth / 2, spriteHeight / 2, spriteHeight);
    sprites.set(shape, canvas);
  }
  return sprites;
}

/** Shapes that keep their glyph among others: what began, what ended, what went wrong. */
const loud = new Set<number>([code.create, code.delete, code.failed, code.warning]);

/** Whether a glyph here would cover others. One that matters gives way only to its like; the rest to everything near. */
function crowded(lane: Assembled, i: number, perPixel: number): boolean {
  const at = lane.markAt[i] ?? 0;
  const shape = lane.markShape[i] ?? 0;
  const room = glyphRoom * perPixel;
  if (!loud.has(shape)) return near(lane, i, -1, at, room, shape, false) || near(lane, i, 1, at, room, shape, false);
  return near(lane, i, -1, at, room * 0.8, shape, true);
}

/** Whether a neighbour on one side lies within room: any, or one of the same shape. */
function near(lane: Assembled, i: number, way: 1 | -1, at: number, room: number, shape: number, same: boolean): boolean {
  for (let j = i + way; j >= 0 && j < lane.marks; j += way) {
    if (Math.abs((lane.markAt[j] ?? 0) - at) >= room) return false;
    if (!same || lane.markShape[j] === shape) return true;
  }
  return false;
}

function drawTick(paint: Paint, shape: Shape, x: number, y: number): void {
  const tall = shape === 'failed' || shape === 'warning' ? 9 : shape === 'read' || shape === 'normal' || shape === 'noop' || shape === 'seen' ? 5 : 7;
  paint.fillRect(Math.round(x), y + 10 - tall, tall > 7 ? 2 : 1, tall);
}

/** A normal Event among the other glyphs. */
const normal = { width: 1.3 };

/** One glyph with its middle at x, y; changes go down through the bar that they began, to bottom. */
export function drawGlyph(paint: Paint, look: Look, shape: Shape, x: number, y: number, bottom: number): void {
  switch (shape) {
    case 'create':
      return triangle(paint, x, y);
    case 'change':
      return paint.fillRect(Math.round(x) - 1, Math.round(y - 4.5), 2, Math.min(9, bottom - y));
    case 'seen':
      return paint.fillRect(Math.round(x) - 0.5, y - 1.5, 1, 6);
    case 'noop':
      return emptyBox(paint, x, y);
    case 'delete':
      return cross(paint, x, y);
    case 'read':
      return dot(paint, x, y + 0.5);
    case 'failed':
      barredRing(paint, x, y, look.palette.bg, 4);
      paint.fillStyle = paint.strokeStyle;
      return;
    case 'normal':
      return emptyDiamond(paint, x, y, normal);
    case 'warning':
      fullDiamond(paint, x, y, look.palette.text);
      paint.strokeStyle = paint.fillStyle;
      return;
    case 'span':
      return paint.fillRect(x - 5, y - 2, 10, 4);
    case 'gap':
      return brackets(paint, x, y);
  }
}

/** Height of a column that counts n records: more is higher, a thousand no longer fit. */
export function columnHeight(n: number): number {
  return n <= 0 ? 0 : Math.min(9, Math.round(2.5 + Math.log2(n) * 1.1));
}

/** Draws columns that count: changes dark, over them Events, over all what failed. */
export function drawBins(place: Place, lane: Assembled, y: number): void {
  if (lane.bins === 0) return;
  const p = place.look.palette;
  drawColumns(place, lane, y, p.read, (i) => lane.bin[i]?.reads ?? 0);
  drawColumns(place, lane, y, p.span, (i) => lane.bin[i]?.spans ?? 0);
  drawColumns(place, lane, y, p.normal, (i) => lane.bin[i]?.normal ?? 0);
  drawColumns(place, lane, y, p.change, (i) => lane.bin[i]?.changes ?? 0);
  drawColumns(place, lane, y, p.warning, (i) => lane.bin[i]?.warning ?? 0);
  drawColumns(place, lane, y, p.failed, (i) => lane.bin[i]?.failed ?? 0);
}

function drawColumns({ paint, scale, left }: Place, lane: Assembled, y: number, colour: string, count: (i: number) => number): void {
  paint.fillStyle = colour;
  const bottom = y + 10;
  for (let i = 0; i < lane.bins; i++) {
    const n = count(i);
    if (n === 0) continue;
    const at = lane.binAt[i] ?? 0;
    const x0 = Math.round(xOf(scale, at));
    const width = Math.max(1, Math.round(xOf(scale, at + (lane.binWidth[i] ?? 0))) - x0);
    if (x0 + width < 0 || x0 > scale.width) continue;
    const high = columnHeight(n);
    paint.fillRect(left + x0, bottom - high, width, high);
  }
}
