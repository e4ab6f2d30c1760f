/** Scrolling: most of the picture is there already, somewhere above or below. */
import type { StateName } from '../theme/palette';
import { drawBeyond, drawGrid, headHeight } from './draw_head';
import type { Place } from './draw_lane';
import { patternSize, type Look } from './look';
import type { Paint } from './paint';
import type { Line } from './rows';
import { drawRows, pinnedHeight, type Drawn, type Scene } from './scene';

type Told = (line: Line, state: StateName | '') => void;

/**
 * Moves the rows that are drawn by some pixels and draws those that came into view. Gives whether something of them moves; undefined where all has to be
 * drawn again.
 */
export function scrollPicture(context: CanvasRenderingContext2D, ratio: number, look: Look, scene: Scene, drawn: Drawn, by: number, told: Told): boolean | undefined {
  const body = headHeight + pinnedHeight(scene);
  const rest = scene.height - body - Math.abs(by);
  if (rest < 100 || !Number.isInteger(by * ratio) || !Number.isInteger(body * ratio)) return undefined;
  if (by === 0) return false;
  const { canvas } = context;
  const from = (by > 0 ? body + by : body) * ratio;
  const to = (by > 0 ? body : body - by) * ratio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(canvas, 0, from, canvas.width, rest * ratio, 0, to, canvas.width, rest * ratio);
  context.setTransform(ratio, 0, 0, ratio, -scene.left * ratio, 0);
  const top = by > 0 ? scene.height - by : body;
  return drawStrip(context, look, scene, drawn, top, top + Math.abs(by), told);
}

/** Draws only the rows between two heights: the rest of the picture is there already. */
function drawStrip(paint: Paint, look: Look, scene: Scene, drawn: Drawn, top: number, bottom: number, told: Told): boolean {
  const { scale, left } = scene;
  const body = headHeight + pinnedHeight(scene);
  const place: Place = { paint, look, scale, left, end: scene.recorded.to };
  paint.save();
  paint.beginPath();
  paint.rect(left, top, scale.width, bottom - top);
  paint.clip();
  paint.fillStyle = look.palette.bg;
  paint.fillRect(left, top, scale.width, bottom - top);
  const end = Math.min(scene.height, body + Math.max(scene.layouts.main.height - scene.scrollTop, 0));
  drawBeyond(paint, look, scale, scene.recorded, left, headHeight, Math.max(end, body) - headHeight);
  drawGrid(paint, look, scale, drawn.ruler, left, headHeight, scene.height - headHeight);
  const moving = drawRows(place, scene, scene.layouts.main, scene.scrollTop + top - body, body - scene.scrollTop, bottom, drawn.range, told);
  paint.restore();
  return moving;
}

/** Moves the patterns along with rows and time, so that what is moved and what is drawn anew fit together. */
export function shiftPatterns(look: Look, scene: Scene): void {
  const { scale } = scene;
  const x = Math.round(-((scale.from / scale.perPixel) % patternSize));
  const y = -(scene.scrollTop % patternSize);
  look.shift?.(x, y);
}
