/** Draws the ruler, the grid below it, and the minimap above it. */
import type { LaneBin } from '../api/drawn';
import type { Moment, Window } from '../time/moment';
import type { Ruler } from '../time/ruler';
import { scaleOf, xOf, type Scale } from '../time/scale';
import type { Look } from './look';
import type { Paint } from './paint';

export const minimapHeight = 38;
export const rulerHeight = 36;
export const headHeight = minimapHeight + rulerHeight;

/** How much happened over time, for the minimap. */
export interface Density extends Window {
  bin: number;
  bins: readonly LaneBin[];
}

export function drawRuler(paint: Paint, look: Look, scale: Scale, ruler: Ruler, left: number, y: number): void {
  const p = look.palette;
  paint.fillStyle = p.bg;
  paint.fillRect(left, y, scale.width, rulerHeight);
  paint.font = look.label.font;
  paint.textBaseline = 'middle';
  paint.textAlign = 'left';
  drawContext(paint, look, scale, ruler, left, y + 10);
  paint.fillStyle = p.line;
  for (const at of ruler.minor) tickLine(paint, scale, at, left, y + rulerHeight - 5, 5);
  paint.fillStyle = p.lineStrong;
  for (const tick of ruler.ticks) tickLine(paint, scale, tick.at, left, y + 20, rulerHeight - 20);
  paint.fillStyle = p.textDim;
  for (const tick of ruler.ticks) {
    const x = xOf(scale, tick.at);
    if (x > -90 && x < scale.width) paint.fillText(tick.label, left + x + 4, y + 26);
  }
  paint.fillStyle = p.line;
  paint.fillRect(left, y + rulerHeight - 1, scale.width, 1);
}

function tickLine(paint: Paint, scale: Scale, at: Moment, left: number, y: number, height: number): void {
  const x = xOf(scale, at);
  if (x >= 0 && x <= scale.width) paint.fillRect(left + Math.round(x), y, 1, height);
}

/** The upper level: each label sticks to the left edge until the next one pushes it out. */
function drawContext(paint: Paint, look: Look, scale: Scale, ruler: Ruler, left: number, y: number): void {
  ruler.context.forEach((tick, i) => {
    const next = ruler.context[i + 1];
    const end = next ? xOf(scale, next.at) : Infinity;
    if (end < 0 || tick.at > scale.to) return;
    const begin = xOf(scale, tick.at);
    const room = look.label.width(tick.label) + 14;
    const x = Math.min(Math.max(begin, 0), end - room);
    if (begin > 0) {
      paint.fillStyle = look.palette.lineStrong;
      paint.fillRect(left + Math.round(begin), y - 10, 1, 20);
    }
    if (end - Math.max(begin, 0) < room && i > 0) return;
    paint.fillStyle = look.palette.text;
    paint.fillText(tick.label, left + x + 6, y);
  });
}

/** The lines of the ruler through the lanes. */
export function drawGrid(paint: Paint, look: Look, scale: Scale, ruler: Ruler, left: number, y: number, height: number): void {
  paint.fillStyle = look.palette.line;
  for (const tick of ruler.ticks) tickLine(paint, scale, tick.at, left, y, height);
  paint.fillStyle = look.palette.lineStrong;
  for (const tick of ruler.context) tickLine(paint, scale, tick.at, left, y, height);
}

/** Hatches the times before anything was recorded and after. */
export function drawBeyond(paint: Paint, look: Look, scale: Scale, recorded: Window, left: number, y: number, height: number): void {
  const begin = Math.min(scale.width, xOf(scale, recorded.from));
  const end = Math.max(0, xOf(scale, recorded.to));
  const parts: [number, number][] = [[0, begin], [end, scale.width]];
  for (const [x0, x1] of parts) {
    if (x1 - x0 < 1) continue;
    paint.fillStyle = look.palette.sunken;
    paint.fillRect(left + x0, y, x1 - x0, height);
    paint.globalAlpha = 0.55;
    paint.fillStyle = look.hatch;
    paint.fillRect(left + x0, y, x1 - x0, height);
    paint.globalAlpha = 1;
  }
}

/** The whole of what is recorded, with the window in it. */
export function drawMinimap(paint: Paint, look: Look, whole: Scale, window: Window, density: Density | undefined, left: number, y: number): void {
  const p = look.palette;
  const bottom = y + minimapHeight - 4;
  paint.fillStyle = p.sunken;
  paint.fillRect(left, y, whole.width, minimapHeight);
  if (density) drawDensity(paint, look, whole, density, left, bottom);
  else {
    paint.fillStyle = p.textFaint;
    paint.font = look.small.font;
    paint.textAlign = 'left';
    paint.textBaseline = 'middle';
    paint.fillText('counting what happened…', left + 10, y + minimapHeight / 2);
  }
  const x0 = Math.max(0, xOf(whole, window.from));
  const x1 = Math.min(whole.width, Math.max(xOf(whole, window.to), x0 + 2));
  paint.globalAlpha = 0.62;
  paint.fillStyle = p.sunken;
  if (x0 > 0) paint.fillRect(left, y, x0, minimapHeight);
  if (x1 < whole.width) paint.fillRect(left + x1, y, whole.width - x1, minimapHeight);
  paint.globalAlpha = 1;
  paint.strokeStyle = p.accent;
  paint.lineWidth = 1;
  paint.strokeRect(left + Math.round(x0) + 0.5, y + 0.5, Math.max(2, Math.round(x1 - x0) - 1), minimapHeight - 1);
  paint.fillStyle = p.accent;
  for (const x of [x0, x1]) paint.fillRect(left + Math.min(Math.max(Math.round(x) - 2, 0), whole.width - 4), y + minimapHeight / 2 - 8, 4, 16);
  paint.fillStyle = p.line;
  paint.fillRect(left, y + minimapHeight - 1, whole.width, 1);
}

function drawDensity(paint: Paint, look: Look, whole: Scale, density: Density, left: number, bottom: number): void {
  const room = minimapHeight - 10;
  let most = 1;
  for (const b of density.bins) most = Math.max(most, total(b));
  const high = (n: number) => (n === 0 ? 0 : Math.max(1.5, (Math.sqrt(n) / Math.sqrt(most)) * room));
  for (const b of density.bins) {
    const from = density.from + b.bin * density.bin;
    const x0 = Math.floor(xOf(whole, from));
    const width = Math.max(1, Math.ceil(density.bin / whole.perPixel) - (density.bin / whole.perPixel > 3 ? 1 : 0));
    const all = high(total(b));
    // Parts of one column share its height by their counts, what failed at the foot where it is seen however high the column is.
    let foot = bottom;
    for (const [n, colour] of [[b.failed ?? 0, look.palette.failed], [b.warning ?? 0, look.palette.warning]] as const) {
      if (n === 0) continue;
      const part = Math.max(2, (all * n) / total(b));
      paint.fillStyle = colour;
      paint.fillRect(left + x0, foot - part, width, part);
      foot -= part;
    }
    paint.fillStyle = look.strong[3] ?? '';
    if (bottom - all < foot) paint.fillRect(left + x0, bottom - all, width, foot - (bottom - all));
  }
}

function total(b: LaneBin): number {
  return (b.changes ?? 0) + (b.normal ?? 0) + (b.warning ?? 0) + (b.spans ?? 0);
}

/** The scale of the minimap: what is recorded, and the window where it reaches beyond. */
export function minimapScale(recorded: Window, window: Window, width: number): Scale {
  const span = Math.max(1, recorded.to - recorded.from);
  const margin = span * 0.01;
  return scaleOf({ from: Math.min(recorded.from - margin, window.from), to: Math.max(recorded.to + margin, window.to) }, width);
}
