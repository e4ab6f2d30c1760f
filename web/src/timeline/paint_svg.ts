/** A Paint that writes SVG. */
import { patternLines, patternSize, type PatternName } from './look';
import type { Paint } from './paint';

type Style = Pick<Paint, 'fillStyle' | 'strokeStyle' | 'lineWidth' | 'globalAlpha' | 'font' | 'textAlign' | 'textBaseline'>;

interface State extends Style {
  dash: string;
  /** Groups that clips opened since the last save. */
  clips: number;
}

/** Records drawing as the elements of one SVG document. Text stays text. */
export class SvgPaint implements Paint {
  fillStyle: unknown = '#000';
  strokeStyle: unknown = '#000';
  lineWidth = 1;
  globalAlpha = 1;
  font = '11px sans-serif';
  textAlign: CanvasTextAlign = 'left';
  textBaseline: CanvasTextBaseline = 'middle';
  private dash = '';
  private clips = 0;
  private path: string[] = [];
  private readonly saved: State[] = [];
  private readonly parts: string[] = [];
  private readonly defs: string[] = [];
  private readonly patterns = new Map<string, string>();

  constructor(private readonly width: number, private readonly height: number) {}

  /** A fill that repeats a pattern. */
  pattern(name: PatternName, colour: string): string {
    const key = `${name} ${colour}`;
    const known = this.patterns.get(key);
    if (known) return known;
    const id = `p${this.patterns.size}`;
    const { lines, dots, width } = patternLines(name);
    const inside = [
      ...lines.map(([x1, y1, x2, y2]) => `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${colour}" stroke-width="${width}"/>`),
      ...dots.map(([x, y, r]) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${colour}"/>`),
    ];
    this.defs.push(`<pattern id="${id}" width="${patternSize}" height="${patternSize}" patternUnits="userSpaceOnUse">${inside.join('')}</pattern>`);
    this.patterns.set(key, `url(#${id})`);
    return `url(#${id})`;
  }

  svg(): string {
    const { width, height } = this;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><defs>${this.defs.join('')}</defs>${this.parts.join('\n')}${'</g>'.repeat(this.clips)}</svg>`;
  }

  fillRect(x: number, y: number, w: number, h: number): void {
    if (w > 0 && h > 0) this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"${this.filled()}/>`);
  }

  strokeRect(x: number, y: number, w: number, h: number): void {
    this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(w, 0))}" height="${short(Math.max(h, 0))}" fill="none"${this.stroked()}/>`);
  }

  beginPath(): void {
    this.path = [];
  }

  closePath(): void {
    this.path.push('Z');
  }

  moveTo(x: number, y: number): void {
    this.path.push(`M${short(x)} ${short(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.path.push(`L${short(x)} ${short(y)}`);
  }

  /** Whole circles only: that is what is drawn here. */
  arc(x: number, y: number, radius: number): void {
    const r = short(radius);
    this.path.push(`M${short(x - radius)} ${short(y)}a${r} ${r} 0 1 0 ${short(radius * 2)} 0a${r} ${r} 0 1 0 ${short(-radius * 2)} 0Z`);
  }

  rect(x: number, y: number, w: number, h: number): void {
    this.path.push(`M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`);
  }

  fill(): void {
    this.parts.push(`<path d="${this.path.join('')}"${this.filled()}/>`);
  }

  stroke(): void {
    this.parts.push(`<path d="${this.path.join('')}" fill="none"${this.stroked()}/>`);
  }

  clip(): void {
    const id = `c${this.defs.length}`;
    this.defs.push(`<clipPath id="${id}"><path d="${this.path.join('')}"/></clipPath>`);
    this.parts.push(`<g clip-path="url(#${id})">`);
    this.clips++;
  }

  save(): void {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, dash, clips } = this;
    this.saved.push({ fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, dash, clips });
    this.clips = 0;
  }

  restore(): void {
    const state = this.saved.pop();
    if (!state) return;
    this.parts.push('</g>'.repeat(this.clips));
    Object.assign(this, state);
  }

  fillText(text: string, x: number, y: number): void {
    const size = /(\d+(?:\.\d+)?)px (.*)/.exec(this.font);
    const anchor = this.textAlign === 'center' ? ' text-anchor="middle"' : this.textAlign === 'right' ? ' text-anchor="end"' : '';
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" dominant-baseline="central" font-size="${size?.[1] ?? 11}" font-family="${escaped(size?.[2] ?? 'sans-serif')}"${anchor}${this.filled()}>${escaped(text)}</text>`,
    );
  }

  setLineDash(dashes: number[]): void {
    this.dash = dashes.join(' ');
  }

  private filled(): string {
    return ` fill="${escaped(String(this.fillStyle))}"${this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : ''}`;
  }

  private stroked(): string {
    const dash = this.dash ? ` stroke-dasharray="${this.dash}"` : '';
    return ` stroke="${escaped(String(this.strokeStyle))}" stroke-width="${short(this.lineWidth)}"${dash}${this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : ''}`;
  }
}

function short(n: number): string {
  return String(Math.round(n * 100) / 100);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
