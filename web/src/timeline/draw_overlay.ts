/** What lies above the picture, and how it is drawn where there are no elements for it. */
import { xOf } from '../time/scale';
import type { Window } from '../time/moment';
import { flagOf } from './card';
import { headHeight, minimapHeight, minimapScale, rulerHeight } from './draw_head';
import { mixed, type Look } from './look';
import type { Paint } from './paint';
import type { Scene } from './scene';

/** A row as a band of the picture. */
export interface Band {
  y: number;
  height: number;
}

/** What is on the overlay. */
export interface Overlay {
  hovered: Band | undefined;
  focused: Band | undefined;
  /** What is selected: a band, and where in it. */
  selected: (Band & { from: number; to: number; glyph: boolean }) | undefined;
  /** x of the pointer among the lanes. */
  pointer: number | undefined;
  brush: Window | undefined;
}

/** Draws the cursor and what is selected into a picture that is saved; on the screen they are elements (see overlay.ts). */
export function drawOverlay(paint: Paint, look: Look, scene: Scene, selected: Overlay['selected']): void {
  paint.save();
  paint.beginPath();
  paint.rect(scene.left, 0, scene.scale.width, scene.height);
  paint.clip();
  if (selected) drawSelected(paint, look, scene, selected);
  if (scene.cursor !== undefined) drawCursor(paint, look, scene, scene.cursor);
  paint.restore();
}

function drawSelected(paint: Paint, look: Look, scene: Scene, selected: Exclude<Overlay['selected'], undefined>): void {
  const x0 = Math.max(-4, xOf(scene.scale, selected.from));
  const x1 = Math.min(scene.scale.width + 4, xOf(scene.scale, selected.to));
  if (x1 < -4 || x0 > scene.scale.width + 4 || selected.y + selected.height < headHeight) return;
  paint.strokeStyle = look.palette.cursor;
  paint.lineWidth = 2;
  if (selected.glyph) {
    paint.beginPath();
    paint.arc(scene.left + x0, selected.y + 6.5, 7, 0, 7);
    paint.stroke();
  } else paint.strokeRect(scene.left + x0 - 1, selected.y, Math.max(3, x1 - x0 + 2), selected.height);
}

function drawCursor(paint: Paint, look: Look, scene: Scene, at: number): void {
  const colour = look.palette.cursor;
  const whole = minimapScale(scene.extent, scene.scale, scene.scale.width);
  paint.fillStyle = colour;
  paint.fillRect(scene.left + Math.round(xOf(whole, at)), 0, 1, minimapHeight);
  const x = xOf(scene.scale, at);
  if (x < -1 || x > scene.scale.width + 1) return;
  paint.fillRect(scene.left + Math.round(x), minimapHeight + 18, 1.5, scene.height);
  flag(paint, look, scene, x, flagOf(at, scene.zone, scene.scale.perPixel), colour, look.dark ? mixed('#000000', colour, 0.85) : '#ffffff');
}

/** A time at the ruler. */
function flag(paint: Paint, look: Look, scene: Scene, x: number, text: string, ground: string, ink: string): void {
  const wide = look.label.width(text) + 10;
  const at = Math.min(Math.max(x - wide / 2, 0), scene.scale.width - wide);
  const y = minimapHeight + rulerHeight - 18;
  paint.fillStyle = ground;
  paint.fillRect(scene.left + at, y, wide, 16);
  paint.fillStyle = ink;
  paint.font = look.label.font;
  paint.textAlign = 'left';
  paint.textBaseline = 'middle';
  paint.fillText(text, scene.left + at + 5, y + 8.5);
}
