/** What the timeline draws with: the part of a canvas that it needs, so that the same calls can be recorded as SVG. */
import type { Pen } from '../theme/shapes';

export type Fill = string | CanvasPattern;

/** A subset of CanvasRenderingContext2D with its meaning; fills are colours or patterns of the same Paint. */
export interface Paint extends Pen {
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  fillText(text: string, x: number, y: number): void;
  setLineDash(dashes: number[]): void;
  /** Only where there are sprites. */
  drawImage?(image: CanvasImageSource, x: number, y: number, w: number, h: number): void;
}

/** Widths of letters in one font: a text's width is a sum, so that no frame measures. */
export class Letters {
  private readonly widths = new Float32Array(128);
  private readonly wide: number;
  readonly font: string;

  constructor(font: string, measure: (letter: string) => number) {
    this.font = font;
    for (let code = 32; code < 127; code++) this.widths[code] = measure(String.fromCharCode(code));
    this.wide = Math.max(measure('W'), measure('…'));
  }

  width(text: string): number {
    let sum = 0;
    for (let i = 0; i < text.length; i++) sum += this.of(text.charCodeAt(i));
    return sum;
  }

  private of(code: number): number {
    return (code < 128 ? this.widths[code] : this.wide) || this.wide;
  }

  /** As much of the text as fits, with an ellipsis; empty where not even three letters do. */
  fit(text: string, room: number): string {
    let sum = 0;
    let cut = 0;
    const dots = this.wide;
    for (let i = 0; i < text.length; i++) {
      sum += this.of(text.charCodeAt(i));
      if (sum + dots <= room) cut = i + 1;
      if (sum > room) return cut < 3 ? '' : text.slice(0, cut).trimEnd() + '…';
    }
    return text;
  }
}
