/** The picture as a file: what is in view, with its labels, by the same drawing. */
import { kindShort } from '../text/kinds';
import { stateNames } from '../theme/palette';
import { headHeight } from './draw_head';
import { colourOf, drawGlyph } from './draw_marks';
import { drawOverlay } from './draw_overlay';
import { spotAt } from './inview';
import type { Shape } from './lanedata';
import { canvasPatterns, lookOf, measurer, type Look } from './look';
import type { Paint } from './paint';
import { SvgPaint } from './paint_svg';
import { drawScene } from './scene';
import { formatMoment, zoneName } from '../time/format';
import type { Timeline } from './timeline';

const footHeight = 46;

/** Draws picture, labels and a line that says what it is. */
function drawAll(paint: Paint, look: Look, timeline: Timeline): void {
  const scene = { ...timeline.scene, now: 0 };
  const states = new Map<string, string>();
  drawScene(paint, look, scene, (line, state) => states.set(line.key, state));
  drawOverlay(paint, look, scene, timeline.overlay.selected);
  drawLabels(paint, look, timeline, states);
  paint.fillStyle = look.palette.bg;
  paint.fillRect(0, scene.height, scene.width, footHeight);
  paint.fillStyle = look.palette.textDim;
  paint.font = look.label.font;
  paint.textAlign = 'left';
  paint.textBaseline = 'middle';
  const { from, to } = scene.scale;
  const zone = zoneName(scene.zone, from);
  paint.fillText(`kubewake · ${formatMoment(from, scene.zone, 'milli')} to ${formatMoment(to, scene.zone, 'milli')} ${zone}`, 10, scene.height + 13);
  drawLegend(paint, look, scene.height + 33);
}

const glyphTexts: readonly [Shape, string][] = [
  ['create', 'created'], ['change', 'changed'], ['delete', 'deleted'], ['failed', 'failed'], ['normal', 'Event'], ['warning', 'Warning'],
];

/** One line that says what bars and glyphs mean. */
function drawLegend(paint: Paint, look: Look, y: number): void {
  let x = 10;
  const write = (text: string, room: number) => {
    paint.fillStyle = look.palette.textDim;
    paint.font = look.small.font;
    paint.fillText(text, x + room, y);
    x += room + look.small.width(text) + 16;
  };
  stateNames.forEach((state, i) => {
    if (state === 'deleted') {
      paint.strokeStyle = look.strong[i] ?? '';
      paint.lineWidth = 1;
      paint.setLineDash([3, 3]);
      paint.beginPath();
      paint.moveTo(x, y);
      paint.lineTo(x + 22, y);
      paint.stroke();
      paint.setLineDash([]);
    } else {
      for (const fill of [look.tint[i], look.pattern[i]]) {
        if (!fill) continue;
        paint.fillStyle = fill;
        paint.fillRect(x, y - 6, 22, 12);
      }
      paint.fillStyle = look.strong[i] ?? '';
      paint.fillRect(x, y + 4, 22, 2);
    }
    write(state, 27);
  });
  paint.fillStyle = look.hatch;
  paint.fillRect(x, y - 6, 22, 12);
  write('not seen', 27);
  for (const [shape, text] of glyphTexts) {
    paint.fillStyle = paint.strokeStyle = colourOf(look.palette, shape);
    drawGlyph(paint, look, shape, x + 5, y, y + 5);
    write(text, 14);
  }
}

function drawLabels(paint: Paint, look: Look, timeline: Timeline, states: ReadonlyMap<string, string>): void {
  const { scene } = timeline;
  const { palette } = look;
  paint.fillStyle = palette.bg;
  paint.fillRect(0, 0, scene.left, scene.height);
  paint.save();
  paint.beginPath();
  paint.rect(0, headHeight, scene.left, scene.height - headHeight);
  paint.clip();
  paint.font = look.label.font;
  paint.textAlign = 'left';
  paint.textBaseline = 'middle';
  for (let y = headHeight; y < scene.height; ) {
    const spot = spotAt(scene, y);
    if (!spot) break;
    const { line } = spot;
    const x = 12 + Math.min(line.depth, 8) * 14;
    const middle = spot.y + spot.height / 2;
    const state = stateNames.findIndex((s) => s === states.get(line.key));
    if (line.kind === 'object' && state >= 0) {
      paint.fillStyle = look.strong[state] ?? '';
      paint.beginPath();
      paint.arc(x + 4, middle, 4, 0, 7);
      paint.fill();
    }
    const prefix = line.kind === 'object' ? kindShort(line.prefix) : line.prefix;
    paint.fillStyle = palette.textFaint;
    paint.fillText(prefix, x + 14, middle);
    paint.fillStyle = palette.text;
    const at = x + 14 + (prefix ? look.label.width(prefix) + 6 : 0);
    paint.fillText(look.label.fit(line.label, scene.left - at - 6), at, middle);
    y = spot.y + spot.height + 0.5;
  }
  paint.restore();
  paint.fillStyle = palette.lineStrong;
  paint.fillRect(scene.left - 1, 0, 1, scene.height);
}

/** At twice the size of the screen, so that it is sharp in a report. */
export function pictureAsPng(timeline: Timeline): Promise<Blob | null> {
  const canvas = document.createElement('canvas');
  const ratio = 2;
  canvas.width = timeline.scene.width * ratio;
  canvas.height = (timeline.scene.height + footHeight) * ratio;
  const context = canvas.getContext('2d');
  if (!context) return Promise.resolve(null);
  context.scale(ratio, ratio);
  drawAll(context, lookOf(timeline.look.palette, canvasPatterns(context, ratio), measurer(context)), timeline);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

export function pictureAsSvg(timeline: Timeline): string {
  const paint = new SvgPaint(timeline.scene.width, timeline.scene.height + footHeight);
  const context = document.createElement('canvas').getContext('2d');
  const measure = context ? measurer(context) : () => 6;
  drawAll(paint, lookOf(timeline.look.palette, (name, colour) => paint.pattern(name, colour), measure), timeline);
  return paint.svg();
}
