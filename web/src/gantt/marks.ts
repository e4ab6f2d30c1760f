import type { Palette } from '../theme/palette';
import { signs, type Sign } from './attrs';

/**
 * Draws the sign of a record, its middle at x and y: the forms that the timeline has. Each sign has a form of its own, so that none is told by colour
 * alone.
 */
export function drawSign(ctx: CanvasRenderingContext2D, palette: Palette, sign: number, x: number, y: number, crowd = false): void {
  const name = signs[sign] ?? 'none';
  ctx.fillStyle = ctx.strokeStyle = signColor(palette, name);
  switch (name) {
    case 'change':
      ctx.fillRect(Math.round(x) - 1, y - 5, crowd ? 3 : 2, 10);
      return;
    case 'end':
      cross(ctx, x, y);
      return;
    case 'request':
      ctx.lineWidth = 1;
      ctx.strokeRect(Math.round(x) - 1.5, y - 3, 3, 6);
      return;
    case 'read':
      ctx.beginPath();
      ctx.arc(x, y, 1.8, 0, 7);
      ctx.fill();
      return;
    case 'normal':
      diamond(ctx, x, y, 3.6);
      ctx.fillStyle = palette.raised;
      ctx.fill();
      ctx.lineWidth = 1.4;
      ctx.stroke();
      return;
    case 'warning':
      diamond(ctx, x, y, 5);
      ctx.fill();
      ctx.lineWidth = 1;
      ctx.strokeStyle = palette.text;
      ctx.stroke();
      return;
    case 'failed':
      barredRing(ctx, palette, x, y);
      return;
    case 'span':
      ctx.fillRect(x - 4, y - 2, 8, 4);
      return;
    case 'gap':
      ctx.fillRect(x - 0.5, y - 4, 1, 8);
      ctx.fillRect(x - 2.5, y - 4, 5, 1);
      ctx.fillRect(x - 2.5, y + 3, 5, 1);
      return;
    case 'none':
  }
}

export function signColor(palette: Palette, sign: Sign): string {
  switch (sign) {
    case 'failed':
      return palette.failed;
    case 'warning':
      return palette.warning;
    case 'normal':
      return palette.normal;
    case 'end':
      return palette.delete;
    case 'span':
      return palette.span;
    case 'gap':
      return palette.state.unknown;
    case 'read':
    case 'request':
      return palette.read;
    default:
      return palette.change;
  }
}

function diamond(ctx: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y - r);
  ctx.lineTo(x + r, y);
  ctx.lineTo(x, y + r);
  ctx.lineTo(x - r, y);
  ctx.closePath();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number): void {
  const r = 3.4;
  ctx.lineWidth = 2;
  line(ctx, x - r, y - r, x + r, y + r);
  line(ctx, x + r, y - r, x - r, y + r);
}

/** On a ground of its own, so that it is seen among ticks. */
function barredRing(ctx: CanvasRenderingContext2D, palette: Palette, x: number, y: number): void {
  ctx.fillStyle = palette.raised;
  ctx.beginPath();
  ctx.arc(x, y, 4.2, 0, 7);
  ctx.fill();
  ctx.lineWidth = 1.8;
  ctx.stroke();
  line(ctx, x - 2.7, y + 2.7, x + 2.7, y - 2.7);
}

export function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}
