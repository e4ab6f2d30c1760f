/** Draws the strip on a canvas. */
import type { Mark, Stretch } from '../../api/types';
import { stateName, type Palette, type StateName } from '../../theme/palette';
import { barredRing, cross, emptyDiamond, fullDiamond, hatch } from '../../theme/shapes';
import type { Zone } from '../../time/format';
import { rulerOf } from '../../time/ruler';
import { xOf, type Scale } from '../../time/scale';
import { colourOf } from '../../timeline/draw_marks';
import { shapeOf } from '../../timeline/lanedata';
import type { Strip } from './strip';

/** Heights of what the strip is made of, in pixels from its top. */
export const places = { axis: 4, bars: 20, barHeight: 14, marks: 38, markHeight: 12, events: 53, eventHeight: 10, height: 64 };

/** Of the hatching, in pixels. */
const step = 6;
const thick = 1.5;

/** Draws a strip over a scale; the context is already scaled to CSS pixels. */
export function drawStrip(c: CanvasRenderingContext2D, strip: Strip, scale: Scale, palette: Palette, zone: Zone): void {
  c.clearRect(0, 0, scale.width, places.height);
  drawAxis(c, scale, palette, zone);
  for (const stretch of strip.unknown) drawUnknown(c, stretch, scale, palette, false);
  drawBars(c, strip, scale, palette);
  for (const stretch of strip.unknown) drawUnknown(c, stretch, scale, palette, true);
  drawTexts(c, strip, scale, palette);
  drawBins(c, strip, scale, palette);
  for (const mark of strip.marks) drawMark(c, mark, scale, palette);
}

function drawAxis(c: CanvasRenderingContext2D, scale: Scale, palette: Palette, zone: Zone): void {
  const { ticks } = rulerOf(scale, zone, 100);
  c.font = `10.5px ${palette.font}`;
  c.textBaseline = 'top';
  for (const { at, label } of ticks) {
    const x = Math.round(xOf(scale, at)) + 0.5;
    c.strokeStyle = palette.line;
    c.beginPath();
    c.moveTo(x, 2);
    c.lineTo(x, places.height);
    c.stroke();
    if (x < 0) continue;
    c.fillStyle = palette.textFaint;
    c.fillText(label, x + 4, places.axis);
  }
}

function drawBars(c: CanvasRenderingContext2D, strip: Strip, scale: Scale, palette: Palette): void {
  for (const bar of strip.bars) {
    const from = Math.max(-2, xOf(scale, bar.from));
    const to = Math.min(scale.width + 2, bar.to ? xOf(scale, bar.to) : scale.width + 2);
    const wide = Math.max(1, to - from);
    const state = stateName(bar.state);
    c.fillStyle = palette.state[state];
    c.fillRect(from, places.bars, wide, places.barHeight);
    if (bar.soft) hatch(c, { x: from, y: places.bars, width: wide, height: places.barHeight }, palette.bg, step, thick);
    if (wide > 3) {
      c.fillStyle = palette.bg;
      c.fillRect(from, places.bars, 1, places.barHeight);
    }
  }
}

/** What the states are, where there is room. */
function drawTexts(c: CanvasRenderingContext2D, strip: Strip, scale: Scale, palette: Palette): void {
  for (const bar of strip.bars) {
    const from = Math.max(0, xOf(scale, bar.from));
    const wide = Math.min(scale.width, bar.to ? xOf(scale, bar.to) : scale.width) - from;
    if (bar.text && wide > 60) label(c, bar.text, from + 5, wide - 8, inkOn(palette, stateName(bar.state), document.documentElement.dataset['theme'] === 'dark'));
  }
}

/** Text that can be read on a state's colour: the darker one of ground and text, but on the dark theme's dark states the light one. */
export function inkOn(palette: Pick<Palette, 'bg' | 'text'>, state: StateName, dark: boolean): string {
  return dark && !['there', 'deleted', 'unknown'].includes(state) ? palette.bg : palette.text;
}

function label(c: CanvasRenderingContext2D, text: string, x: number, room: number, ink: string): void {
  let shown = text;
  while (shown.length > 3 && c.measureText(shown).width > room) shown = shown.slice(0, -2);
  if (shown.length < text.length) shown = shown.length > 5 ? `${shown.trimEnd()}…` : '';
  c.fillStyle = ink;
  c.fillText(shown, x, places.bars + 2);
}

/** A stretch that was not seen: hatched ground, and, above what is told of it all the same, thin strokes. */
function drawUnknown(c: CanvasRenderingContext2D, stretch: Stretch, scale: Scale, palette: Palette, above: boolean): void {
  const from = Math.max(0, stretch.from ? xOf(scale, stretch.from) : 0);
  const to = Math.min(scale.width, stretch.to ? xOf(scale, stretch.to) : scale.width);
  if (to <= from) return;
  const area = { x: from, y: places.bars, width: to - from, height: places.height - places.bars };
  if (above) {
    c.globalAlpha = 0.35;
    hatch(c, { ...area, height: places.barHeight }, palette.bg, step, thick);
    c.globalAlpha = 1;
    return;
  }
  c.fillStyle = palette.sunken;
  c.globalAlpha = 0.6;
  c.fillRect(area.x, area.y, area.width, area.height);
  c.globalAlpha = 1;
  hatch(c, area, palette.state.unknown, step, thick);
}

function drawBins(c: CanvasRenderingContext2D, strip: Strip, scale: Scale, palette: Palette): void {
  if (strip.bin <= 0) return;
  const wide = Math.max(1, strip.bin / scale.perPixel);
  const tall = (n: number) => Math.min(1, 0.45 + Math.log2(1 + n) / 8);
  for (const bin of strip.bins) {
    const x = xOf(scale, strip.window.from + bin.bin * strip.bin);
    const column = (n: number | undefined, colour: string, top: number, height: number) => {
      if (!n) return;
      const h = Math.max(2, height * tall(n));
      c.fillStyle = colour;
      c.fillRect(x, top + height - h, Math.max(1.5, wide - 0.5), h);
    };
    column((bin.changes ?? 0) + (bin.reads ?? 0), palette.change, places.marks, places.markHeight);
    if (bin.failed) {
      c.fillStyle = palette.failed;
      c.fillRect(x - 0.5, places.marks - 1, Math.max(3, wide), 3);
    }
    column(bin.normal, palette.normal, places.events, places.eventHeight);
    column(bin.warning, palette.warning, places.events, places.eventHeight);
  }
}

function drawMark(c: CanvasRenderingContext2D, mark: Mark, scale: Scale, palette: Palette): void {
  const x = xOf(scale, mark.at);
  if (x < -6 || x > scale.width + 6) return;
  const shape = shapeOf(mark);
  c.fillStyle = c.strokeStyle = colourOf(palette, shape);
  const event = places.events + places.eventHeight / 2;
  if (shape === 'normal') return emptyDiamond(c, x, event, { r: 3.5, width: 1.2 });
  if (shape === 'warning') return fullDiamond(c, x, event, undefined, 4.5);
  c.fillRect(x - 0.75, places.marks, 1.5, places.markHeight);
  // On top of its line what stands out has the form that it has everywhere.
  if (shape === 'failed') barredRing(c, x, places.marks + 1.5, palette.bg, 4);
  else if (shape === 'delete') cross(c, x, places.marks + 0.5, 3, 1.5);
}
