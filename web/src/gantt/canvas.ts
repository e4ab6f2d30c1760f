/** A canvas that is as sharp as the screen. */
export interface Sheet {
  canvas: HTMLCanvasElement;
  ctx: CanvasRenderingContext2D;
  width: number;
  height: number;
}

export function makeSheet(canvas: HTMLCanvasElement): Sheet {
  const ctx = canvas.getContext('2d');
  if (!ctx) throw new Error('draw on a canvas: this browser has none');
  return { canvas, ctx, width: 0, height: 0 };
}

/** Gives a sheet a size in CSS pixels; it is empty then where the size changed. */
export function resize(sheet: Sheet, width: number, height: number): void {
  const ratio = globalThis.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  sheet.width = width;
  sheet.height = height;
  if (sheet.canvas.width !== w || sheet.canvas.height !== h) {
    sheet.canvas.width = w;
    sheet.canvas.height = h;
    sheet.canvas.style.width = `${width}px`;
    sheet.canvas.style.height = `${height}px`;
  }
  sheet.ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
}

const widths = new Map<string, number>();
const mostWidths = 5000;

/** How wide a text is in the font that is set; measured once for each text and font. */
export function widthOf(ctx: CanvasRenderingContext2D, text: string): number {
  const key = ctx.font + text;
  const known = widths.get(key);
  if (known !== undefined) return known;
  if (widths.size >= mostWidths) widths.clear();
  const width = ctx.measureText(text).width;
  widths.set(key, width);
  return width;
}

/** A text cut to a width, with … where it was; empty where not even a few letters fit. */
export function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (widthOf(ctx, text) <= width) return text;
  const each = widthOf(ctx, 'n');
  const most = Math.floor(width / each) - 1;
  return most < 4 ? '' : `${text.slice(0, most)}…`;
}
