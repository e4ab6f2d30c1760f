/** Draws the bars of a lane, its stretches that are not known, and derived rows. */
import { stateNames } from '../theme/palette';
import type { Stretch } from '../api/drawn';
import type { Window } from '../time/moment';
import { xOf, type Scale } from '../time/scale';
import type { AssembledDerived, BarList } from './assemble';
import type { Look } from './look';
import type { Paint } from './paint';

/** Where a row's parts stand: glyphs above, bars below. */
export const glyphY = 6.5;
export const barTop = 11;

/** What a row is drawn into. */
export interface Place {
  paint: Paint;
  look: Look;
  scale: Scale;
  /** Left edge of the lanes. */
  left: number;
  /** End of what is recorded: what still holds ends there. */
  end: number;
}

const deleted = stateNames.indexOf('deleted');
const bad = stateNames.indexOf('bad');
const unknownState = stateNames.indexOf('unknown');
const dashes = [3, 3];
const solid: number[] = [];

/** Draws bars between y and y + height, with texts where there is room. */
export function drawBars(place: Place, bars: BarList, y: number, height: number): void {
  const { paint, look, scale, left } = place;
  for (let i = 0; i < bars.count; i++) {
    const x0 = Math.max(-2, xOf(scale, bars.from[i] ?? 0));
    const x1 = Math.min(scale.width + 2, xOf(scale, Math.min(bars.to[i] ?? 0, place.end)));
    if (x1 < 0 || x0 > scale.width || x1 <= x0) continue;
    // Whole pixels are sharper, and much cheaper to paint.
    const begin = Math.round(x0);
    drawBar(place, bars, i, left + begin, Math.max(Math.round(x1) - begin, 1), y, height);
  }
  paint.fillStyle = look.palette.text;
  paint.font = look.small.font;
  paint.textAlign = 'left';
  paint.textBaseline = 'middle';
  for (let i = 0; i < bars.count; i++) drawText(place, bars, i, y, height);
}

function drawBar(place: Place, bars: BarList, i: number, x: number, width: number, y: number, height: number): void {
  const { paint, look } = place;
  const state = bars.state[i] ?? 0;
  const strong = look.strong[state] ?? '';
  const early = bars.early[i] ?? 0;
  if (early < (bars.from[i] ?? 0)) drawSoft(place, early, bars.from[i] ?? 0, y, height, strong);
  if (state === deleted) {
    paint.strokeStyle = strong;
    paint.lineWidth = 1;
    paint.setLineDash(dashes);
    const middle = Math.round(y + height / 2) + 0.5;
    paint.beginPath();
    paint.moveTo(x, middle);
    paint.lineTo(x + Math.max(width, 2), middle);
    paint.stroke();
    paint.setLineDash(solid);
    return;
  }
  // What is thinner than its edge is all edge.
  if (width < 4) {
    paint.fillStyle = strong;
    paint.fillRect(x, y, width, height);
    return;
  }
  paint.fillStyle = look.tint[state] ?? '';
  paint.fillRect(x, y, width, height);
  const pattern = look.pattern[state];
  if (pattern && width > 6) {
    paint.fillStyle = pattern;
    paint.fillRect(x, y, width, height - 2);
  }
  paint.fillStyle = strong;
  paint.fillRect(x, y + height - 2, width, 2);
  if (x >= place.left) paint.fillRect(x, y, state === bad ? 3 : 2, height);
}

/** A beginning that is not known exactly fades in. */
function drawSoft(place: Place, early: number, from: number, y: number, height: number, colour: string): void {
  const { paint, scale, left } = place;
  const x0 = Math.max(0, xOf(scale, early));
  const x1 = Math.min(scale.width, xOf(scale, from));
  if (x1 - x0 < 3) return;
  const parts = Math.min(8, Math.ceil((x1 - x0) / 3));
  const wide = (x1 - x0) / parts;
  paint.fillStyle = colour;
  for (let p = 0; p < parts; p++) {
    paint.globalAlpha = (0.32 * (p + 0.5)) / parts;
    paint.fillRect(left + x0 + p * wide, y, wide, height);
  }
  paint.globalAlpha = 1;
}

function drawText(place: Place, bars: BarList, i: number, y: number, height: number): void {
  const bar = bars.bar[i];
  if (!bar) return;
  const { paint, look, scale, left } = place;
  const x0 = Math.max(0, xOf(scale, bars.from[i] ?? 0));
  const x1 = Math.min(scale.width, xOf(scale, Math.min(bars.to[i] ?? 0, place.end)));
  const room = x1 - x0 - 11;
  if (room < 18) return;
  const whole = barText(bar.text ?? '', bar.n ?? 0);
  const text = whole && look.small.fit(whole, room);
  if (!text) return;
  const state = bars.state[i] ?? 0;
  if (look.pattern[state]) {
    // The text stands on plain ground, beside its pattern.
    paint.fillStyle = look.tint[state] ?? '';
    paint.fillRect(left + x0 + 3, y, Math.min(room + 8, look.small.width(text) + 8), height - 2);
  }
  paint.fillStyle = state === deleted || state === unknownState ? look.palette.textDim : look.palette.text;
  paint.fillText(text, left + x0 + 7, y + height / 2 - 0.5);
}

const counted = new Map<number, string>();

function barText(text: string, n: number): string {
  if (n < 2) return text;
  let tail = counted.get(n);
  if (!tail) {
    tail = `${n} states`;
    if (counted.size > 2000) counted.clear();
    counted.set(n, tail);
  }
  return text ? `${text} (${tail})` : tail;
}

/** Hatches where nothing could be seen. */
export function drawUnknown(place: Place, stretches: readonly Stretch[], y: number, height: number): void {
  const { paint, look, scale, left } = place;
  paint.fillStyle = look.hatch;
  for (const stretch of stretches) {
    const x0 = Math.max(0, stretch.from ? xOf(scale, stretch.from) : 0);
    const x1 = Math.min(scale.width, stretch.to ? xOf(scale, stretch.to) : scale.width);
    if (x1 > x0) paint.fillRect(left + x0, y, Math.max(1.5, x1 - x0), height);
  }
}

/**
 * Veils what is not loaded yet, so that it does not look as if nothing had happened: a ground that breathes. now is in milliseconds, 0: it stands still.
 * Gives whether any of it is in view.
 */
export function drawMissing(place: Place, missing: readonly Window[], recorded: Window, now: number, y: number, height: number): boolean {
  const { paint, look, scale, left } = place;
  let some = false;
  for (const stretch of missing) {
    const x0 = Math.max(0, xOf(scale, Math.max(stretch.from, recorded.from)));
    const x1 = Math.min(scale.width, xOf(scale, Math.min(stretch.to, recorded.to)));
    if (x1 - x0 < 1) continue;
    some = true;
    paint.fillStyle = look.palette.lineStrong;
    paint.globalAlpha = 0.3 + (now ? 0.1 * Math.sin(now / 260) : 0);
    paint.fillRect(left + Math.round(x0), y, Math.round(x1) - Math.round(x0), height);
  }
  paint.globalAlpha = 1;
  return some;
}

/** Draws numbers over time: an area for what is, a dashed line for what was wanted. */
export function drawSteps(place: Place, derived: AssembledDerived, y: number, height: number): void {
  const { paint, look, scale, left } = place;
  const { steps } = derived;
  const top = y + 5;
  const bottom = y + height - 4;
  const max = Math.max(1, derived.max);
  const level = (value: number) => bottom - ((bottom - top) * value) / max;
  const good = look.strong[0] ?? '';
  const short = look.strong[bad] ?? '';
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i];
    if (!step) continue;
    const x0 = Math.max(-2, xOf(scale, step.at));
    const x1 = Math.min(scale.width + 2, xOf(scale, Math.min(steps[i + 1]?.at ?? Infinity, place.end)));
    if (x1 < 0 || x0 > scale.width || x1 <= x0) continue;
    const missing = step.wanted !== undefined && step.value < step.wanted;
    const at = Math.round(level(step.value));
    paint.fillStyle = missing ? short : good;
    paint.globalAlpha = 0.22;
    paint.fillRect(left + x0, at, x1 - x0, bottom - at);
    paint.globalAlpha = 1;
    paint.fillRect(left + x0, at - 1, x1 - x0, 2);
    const before = steps[i - 1];
    if (before && x0 >= 0) {
      const from = Math.round(level(before.value));
      paint.fillRect(left + x0 - 0.5, Math.min(at, from) - 1, 1.5, Math.abs(at - from) + 2);
    }
    if (step.wanted !== undefined) drawWanted(place, left + x0, x1 - x0, Math.round(level(step.wanted)), missing);
    drawValue(place, step.value, step.wanted, Math.max(0, x0), x1, at, top);
  }
}

function drawWanted({ paint, look }: Place, x: number, width: number, y: number, missing: boolean): void {
  paint.strokeStyle = missing ? look.palette.text : look.palette.textFaint;
  paint.lineWidth = 1;
  paint.setLineDash(dashes);
  paint.beginPath();
  paint.moveTo(x, y - 0.5);
  paint.lineTo(x + width, y - 0.5);
  paint.stroke();
  paint.setLineDash(solid);
}

function drawValue({ paint, look, left }: Place, value: number, wanted: number | undefined, x0: number, x1: number, at: number, top: number): void {
  const text = wanted === undefined || wanted === value ? String(value) : `${value} of ${wanted}`;
  if (x1 - x0 < look.small.width(text) + 8) return;
  paint.fillStyle = look.palette.text;
  paint.font = look.small.font;
  paint.textAlign = 'left';
  paint.textBaseline = 'middle';
  paint.fillText(text, left + x0 + 5, at - top > 9 ? at - 6 : at + 8);
}
