/** Draws what moves with the pointer and the cursor, above everything else and without drawing the rest again. */
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

export function drawOverlay(paint: Paint, look: Look, scene: Scene, overlay: Overlay): void {
  const { left, scale, width, height } = scene;
  paint.save();
  paint.beginPath();
  paint.rect(0, headHeight, width, height - headHeight);
  paint.clip();
  band(paint, overlay.hovered, look.palette.text, 0.045, 0, width);
  band(paint, overlay.focused, look.palette.accent, 0.1, left, width);
  if (overlay.focused) {
    paint.fillStyle = look.palette.accent;
    paint.fillRect(0, overlay.focused.y, 3, overlay.focused.height);
  }
  paint.restore();
  paint.save();
  paint.beginPath();
  paint.rect(left, 0, scale.width, height);
  paint.clip();
  if (overlay.brush) drawBrush(paint, look, scene, overlay.brush);
  drawSelected(paint, look, scene, overlay);
  if (overlay.pointer !== undefined && overlay.pointer >= 0) drawPointer(paint, look, scene, overlay.pointer);
  if (scene.cursor !== undefined) drawCursor(paint, look, scene, scene.cursor);
  paint.restore();
}

function band(paint: Paint, at: Band | undefined, colour: string, alpha: number, x: number, width: number): void {
  if (!at) return;
  paint.fillStyle = colour;
  paint.globalAlpha = alpha;
  paint.fillRect(x, at.y, width, at.height);
  paint.globalAlpha = 1;
}

function drawSelected(paint: Paint, look: Look, scene: Scene, { selected }: Overlay): void {
  if (!selected) return;
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

function drawBrush(paint: Paint, look: Look, scene: Scene, brush: Window): void {
  const x0 = xOf(scene.scale, brush.from);
  const x1 = xOf(scene.scale, brush.to);
  paint.fillStyle = look.palette.accent;
  paint.globalAlpha = 0.14;
  paint.fillRect(scene.left + x0, minimapHeight, x1 - x0, scene.height);
  paint.globalAlpha = 1;
  paint.fillRect(scene.left + x0, minimapHeight, 1, scene.height);
  paint.fillRect(scene.left + x1, minimapHeight, 1, scene.height);
}

function drawPointer(paint: Paint, look: Look, scene: Scene, x: number): void {
  paint.fillStyle = look.palette.textFaint;
  paint.globalAlpha = 0.5;
  paint.fillRect(scene.left + Math.round(x), headHeight, 1, scene.height);
  paint.globalAlpha = 1;
  const { scale } = scene;
  flag(paint, look, scene, x, flagOf(Math.round(scale.from + x * scale.perPixel), scene.zone, scale.perPixel), look.palette.lineStrong, look.palette.text);
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
