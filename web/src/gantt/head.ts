import { hueOf } from '../theme/hues';
import { hatch } from '../theme/shapes';
import { formatClock, formatOffset, precisionFor, zoneName } from '../time/format';
import type { Moment, Window } from '../time/moment';
import { rulerOf } from '../time/ruler';
import { scaleOf, xOf } from '../time/scale';
import { widthOf, type Sheet } from './canvas';
import type { Scene } from './scene';
import { signNumber } from './attrs';
import { failedOnly } from './find';

const alert = signNumber('warning');

export const mapHeight = 40;
export const rulerHeight = 34;
export const headHeight = mapHeight + rulerHeight;

/** All rows as thin lines; drawn once until they change. */
export function drawMap(sheet: Sheet, scene: Scene, bounds: Window): void {
  const { ctx, width, height } = sheet;
  const { spans, rows, palette } = scene;
  const scale = scaleOf(bounds, width);
  ctx.fillStyle = palette.sunken;
  ctx.fillRect(0, 0, width, height);
  for (const gap of scene.unknown) if (!gap.resource) hatch(ctx, { x: xOf(scale, gap.from), y: 0, width: xOf(scale, gap.to) - xOf(scale, gap.from), height }, palette.line);
  const each = Math.min(4, (height - 8) / Math.max(1, rows.length));
  const failed = failedOnly(spans);
  rows.forEach((span, row) => {
    const x = xOf(scale, spans.start[span] ?? 0);
    const service = spans.services[spans.service[span] ?? 0] ?? '';
    ctx.fillStyle = palette.hues[hueOf(service)] ?? palette.textDim;
    ctx.fillRect(x, 4 + row * each, Math.max(1.5, xOf(scale, spans.end[span] ?? 0) - x), Math.max(0.5, each * 0.7));
  });
  ctx.fillStyle = palette.failed;
  rows.forEach((span, row) => {
    if (!failed[span]) return;
    const y = 4 + row * each;
    if ((spans.eventFrom[span] ?? 0) === (spans.eventFrom[span + 1] ?? 0)) ctx.fillRect(xOf(scale, spans.start[span] ?? 0), y - 0.5, 2, Math.max(1.5, each));
    for (let e = spans.eventFrom[span] ?? 0; e < (spans.eventFrom[span + 1] ?? 0); e++)
      if ((spans.eventSign[e] ?? 0) >= alert) ctx.fillRect(xOf(scale, spans.eventAt[e] ?? 0) - 1, y - 0.5, 2, Math.max(2, each));
  });
}

/** The map with what is shown of it, and the ruler below. */
export function drawHead(sheet: Sheet, map: Sheet, scene: Scene, bounds: Window, hoverAt: Moment | undefined): void {
  const { ctx, width, height } = sheet;
  const { palette } = scene;
  ctx.fillStyle = palette.raised;
  ctx.fillRect(0, 0, width, height);
  ctx.drawImage(map.canvas, 0, 0, width, mapHeight);
  drawShown(sheet, scene, bounds);
  drawRuler(sheet, scene, hoverAt);
  if (!scene.brush) return;
  ctx.globalAlpha = 0.2;
  ctx.fillStyle = palette.accent;
  for (const [scale, top, high] of [[scaleOf(bounds, width), 0, mapHeight], [scene.scale, mapHeight, height - mapHeight]] as const) {
    const x = xOf(scale, scene.brush.from);
    ctx.fillRect(x, top, xOf(scale, scene.brush.to) - x, high);
  }
  ctx.globalAlpha = 1;
}

function drawShown({ ctx, width }: Sheet, scene: Scene, bounds: Window): void {
  const { palette } = scene;
  const scale = scaleOf(bounds, width);
  const x1 = Math.max(0, xOf(scale, scene.scale.from));
  const x2 = Math.min(width, xOf(scale, scene.scale.to));
  ctx.globalAlpha = 0.72;
  ctx.fillStyle = palette.sunken;
  if (x1 > 0.5) ctx.fillRect(0, 0, x1, mapHeight);
  if (x2 < width - 0.5) ctx.fillRect(x2, 0, width - x2, mapHeight);
  ctx.globalAlpha = 1;
  if (x1 > 0.5 || x2 < width - 0.5) {
    ctx.fillStyle = palette.accent;
    for (const x of [x1, x2]) {
      ctx.fillRect(Math.min(width - 1, Math.max(0, Math.round(x) - 0.5)), 0, 1, mapHeight);
      ctx.fillRect(Math.min(width - 3, Math.max(0, x - 2)), mapHeight / 2 - 8, 4, 16);
    }
  }
  if (scene.cursor !== undefined) {
    ctx.fillStyle = palette.cursor;
    ctx.fillRect(Math.round(xOf(scale, scene.cursor)), 0, 1, mapHeight);
  }
  ctx.fillStyle = palette.line;
  ctx.fillRect(0, mapHeight - 1, width, 1);
}

function drawRuler({ ctx, width, height }: Sheet, scene: Scene, hoverAt: Moment | undefined): void {
  const { palette, scale, zone, spans } = scene;
  const ruler = rulerOf(scale, zone);
  const base = height - 1;
  ctx.fillStyle = palette.lineStrong;
  for (const at of ruler.minor) ctx.fillRect(Math.round(xOf(scale, at)), base - 4, 1, 4);
  ctx.font = `11px ${palette.font}`;
  ctx.textBaseline = 'alphabetic';
  ruler.ticks.forEach((tick, i) => {
    const x = Math.round(xOf(scale, tick.at));
    ctx.fillStyle = palette.lineStrong;
    ctx.fillRect(x, base - 14, 1, 14);
    ctx.fillStyle = palette.textDim;
    ctx.fillText(tick.label, x + 4, base - 5);
    const offset = formatOffset(tick.at, spans.from);
    const used = widthOf(ctx, tick.label);
    ctx.fillStyle = palette.textFaint;
    const room = ((ruler.ticks[i + 1]?.at ?? Infinity) - tick.at) / scale.perPixel;
    if (tick.at >= spans.from && used + widthOf(ctx, offset) + 22 < room) ctx.fillText(offset, x + 12 + used, base - 5);
  });
  drawContext(ctx, scene, ruler.context, width);
  ctx.fillStyle = palette.line;
  ctx.fillRect(0, base, width, 1);
  if (scene.cursor !== undefined) drawFlag(ctx, scene, scene.cursor, width, palette.cursor, palette.raised);
  if (hoverAt !== undefined) drawFlag(ctx, scene, hoverAt, width, palette.text, palette.raised);
}

/** What the ticks leave out: the day, held at the left edge. */
function drawContext(ctx: CanvasRenderingContext2D, scene: Scene, context: { at: Moment; label: string }[], width: number): void {
  ctx.fillStyle = scene.palette.textFaint;
  const zone = zoneName(scene.zone, scene.scale.from);
  context.forEach((tick, i) => {
    const x = Math.max(0, xOf(scene.scale, tick.at));
    const next = context[i + 1];
    const room = (next ? Math.min(width, xOf(scene.scale, next.at)) : width) - x;
    const label = `${tick.label} ${zone}`;
    if (widthOf(ctx, label) + 8 < room) ctx.fillText(label, x + 4, mapHeight + 12);
  });
}

/** A moment said on the ruler. */
function drawFlag(ctx: CanvasRenderingContext2D, scene: Scene, at: Moment, width: number, ground: string, ink: string): void {
  const x = xOf(scene.scale, at);
  if (x < 0 || x > width) return;
  const text = formatClock(at, scene.zone, precisionFor(scene.scale.perPixel));
  const wide = widthOf(ctx, text) + 10;
  const left = Math.min(width - wide, Math.max(0, x - wide / 2));
  ctx.fillStyle = ground;
  ctx.beginPath();
  ctx.roundRect(left, mapHeight + 1, wide, 15, 3);
  ctx.fill();
  ctx.fillRect(Math.round(x), mapHeight + 15, 1, rulerHeight - 15);
  ctx.fillStyle = ink;
  ctx.fillText(text, left + 5, mapHeight + 12);
}
