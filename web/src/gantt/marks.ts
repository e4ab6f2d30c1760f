import type { Palette } from '../theme/palette';
import { barredRing, brackets, cross, dot, emptyBox, emptyDiamond, fullDiamond } from '../theme/shapes';
import { signs, type Sign } from './attrs';

/** Draws the sign of a record, its middle at x and y. */
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
      emptyBox(ctx, x, y);
      return;
    case 'read':
      dot(ctx, x, y);
      return;
    case 'normal':
      emptyDiamond(ctx, x, y, { ground: palette.raised });
      return;
    case 'warning':
      fullDiamond(ctx, x, y, palette.text);
      return;
    case 'failed':
      barredRing(ctx, x, y, palette.raised);
      return;
    case 'span':
      ctx.fillRect(x - 4, y - 2, 8, 4);
      return;
    case 'gap':
      brackets(ctx, x, y);
      return;
    case 'none':
  }
}

function signColor(palette: Palette, sign: Sign): string {
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

export function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}
