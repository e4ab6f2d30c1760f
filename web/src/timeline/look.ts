/** How states are filled: a colour and a pattern each, made once for a theme and a device. */
import { readPalette, stateNames, type Palette, type StateName } from '../theme/palette';
import { spritesOf } from './draw_marks';
import { Letters, type Fill } from './paint';

/** The patterns; which state has which is patternOf. */
export type PatternName = 'stripes' | 'dots' | 'backstripes' | 'crosshatch' | 'hatch';

const patternOf: Partial<Record<StateName, PatternName>> = {
  bad: 'stripes',
  progressing: 'dots',
  deleting: 'backstripes',
  unknown: 'crosshatch',
};

/** Makes a fill that repeats a pattern in a colour. */
export type PatternMaker = (name: PatternName, colour: string) => Fill;

export interface Look {
  palette: Palette;
  /** By the index of stateNames: what a bar is filled with, its pattern over that (empty: none), and its strong colour. */
  tint: readonly string[];
  pattern: readonly (Fill | '')[];
  strong: readonly string[];
  /** Where we do not know. */
  hatch: Fill;
  small: Letters;
  label: Letters;
  /** Between rows. */
  faintLine: string;
  dark: boolean;
  /** Glyphs drawn beforehand, where painting pictures is cheaper than painting paths. */
  sprites?: ReadonlyMap<string, HTMLCanvasElement>;
  /** Moves where the patterns begin. */
  shift?: (x: number, y: number) => void;
}

/** Share of the state's colour in a bar's fill: what is wrong stands out. */
const share: Record<StateName, number> = { good: 0.3, progressing: 0.3, bad: 0.42, done: 0.26, there: 0.3, deleting: 0.3, deleted: 0, unknown: 0.1 };
const shareDark: Record<StateName, number> = { good: 0.4, progressing: 0.38, bad: 0.46, done: 0.36, there: 0.5, deleting: 0.38, deleted: 0, unknown: 0.16 };

export function lookOf(palette: Palette, pattern: PatternMaker, measure: (font: string, letter: string) => number): Look {
  const dark = lightness(palette.bg) < 0.5;
  const small = `10.5px ${palette.font}`;
  const label = `11px ${palette.font}`;
  return {
    palette,
    dark,
    tint: stateNames.map((s) => mixed(palette.state[s], palette.bg, (dark ? shareDark : share)[s])),
    strong: stateNames.map((s) => palette.state[s]),
    pattern: stateNames.map((s) => {
      const name = patternOf[s];
      return name ? pattern(name, mixed(palette.state[s], palette.bg, s === 'bad' ? 0.85 : 0.7)) : '';
    }),
    hatch: pattern('hatch', palette.lineStrong),
    faintLine: mixed(palette.line, palette.bg, 0.6),
    small: new Letters(small, (letter) => measure(small, letter)),
    label: new Letters(label, (letter) => measure(label, letter)),
  };
}

/** A colour between two, as "#rrggbb"; what is no such colour is given back. */
export function mixed(colour: string, other: string, part: number): string {
  const a = channels(colour);
  const b = channels(other);
  if (!a || !b) return colour;
  return '#' + a.map((c, i) => Math.round(c * part + (b[i] ?? 0) * (1 - part)).toString(16).padStart(2, '0')).join('');
}

function channels(colour: string): number[] | undefined {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  return match ? match.slice(1).map((c) => parseInt(c, 16)) : undefined;
}

function lightness(colour: string): number {
  const [r = 0, g = 0, b = 0] = channels(colour) ?? [];
  return (r * 0.2126 + g * 0.7152 + b * 0.0722) / 255;
}

/** Size of a pattern before it repeats. */
export const patternSize = 8;

/** The lines and dots of one repetition, as segments and points: canvas and SVG draw the same. */
export function patternLines(name: PatternName): { lines: [number, number, number, number][]; dots: [number, number, number][]; width: number } {
  const s = patternSize;
  const rising: [number, number, number, number][] = [[-2, 2, 2, -2], [-1, s + 1, s + 1, -1], [s - 2, s + 2, s + 2, s - 2]];
  const falling: [number, number, number, number][] = rising.map(([x1, y1, x2, y2]) => [x1, s - y1, x2, s - y2]);
  switch (name) {
    case 'stripes':
      return { lines: rising, dots: [], width: 2.6 };
    case 'backstripes':
      return { lines: falling, dots: [], width: 1.6 };
    case 'crosshatch':
      return { lines: [...rising, ...falling], dots: [], width: 0.9 };
    case 'hatch':
      return { lines: rising, dots: [], width: 1 };
    case 'dots':
      return { lines: [], dots: [[2, 2, 1.15], [6, 6, 1.15]], width: 0 };
  }
}

/** The look of a canvas by the palette in force, with glyphs drawn beforehand and patterns that can be moved. */
export function canvasLook(canvas: HTMLCanvasElement, ratio: number): Look {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('draw the timeline: this browser draws no canvas');
  const patterns: CanvasPattern[] = [];
  const look = lookOf(readPalette(), canvasPatterns(context, ratio, patterns), measurer(context));
  return { ...look, sprites: spritesOf(look, ratio), shift: (x, y) => shiftAll(patterns, ratio, x, y) };
}

/** Measures letters on a canvas. */
export function measurer(context: CanvasRenderingContext2D): (font: string, letter: string) => number {
  return (font, letter) => {
    context.font = font;
    return context.measureText(letter).width;
  };
}

/** Moves where patterns of a canvas begin. */
function shiftAll(patterns: readonly CanvasPattern[], ratio: number, x: number, y: number): void {
  const scale = Math.round(patternSize * ratio) / patternSize;
  const matrix = new DOMMatrix([1 / scale, 0, 0, 1 / scale, x, y]);
  for (const pattern of patterns) pattern.setTransform(matrix);
}

/** Makes patterns of a canvas, at the device's resolution. */
export function canvasPatterns(context: CanvasRenderingContext2D, ratio: number, all: CanvasPattern[] = []): PatternMaker {
  return (name, colour) => {
    const tile = document.createElement('canvas');
    tile.width = tile.height = Math.round(patternSize * ratio);
    const c = tile.getContext('2d');
    if (!c) return colour;
    const scale = tile.width / patternSize;
    c.scale(scale, scale);
    const { lines, dots, width } = patternLines(name);
    c.strokeStyle = c.fillStyle = colour;
    c.lineWidth = width;
    c.beginPath();
    for (const [x1, y1, x2, y2] of lines) {
      c.moveTo(x1, y1);
      c.lineTo(x2, y2);
    }
    c.stroke();
    for (const [x, y, r] of dots) {
      c.beginPath();
      c.arc(x, y, r, 0, 7);
      c.fill();
    }
    const made = context.createPattern(tile, 'repeat');
    made?.setTransform(new DOMMatrix([1 / scale, 0, 0, 1 / scale, 0, 0]));
    if (made) all.push(made);
    return made ?? colour;
  };
}
