/** What moves with the pointer and the cursor, as elements above the canvas: moving them paints nothing again. */
import { xOf } from '../time/scale';
import { flagOf } from './card';
import { headHeight, minimapHeight, minimapScale } from './draw_head';
import type { Overlay } from './draw_overlay';
import { make } from './labels';
import type { Scene } from './scene';

/** An element that is moved by its transform, and touched only where something of it changed. */
class Piece {
  private shown = '';

  constructor(readonly element: HTMLElement) {
    element.hidden = true;
  }

  hide(): void {
    if (this.shown === '') return;
    this.shown = '';
    this.element.hidden = true;
  }

  place(x: number, y: number, width: number, height: number, text = ''): void {
    const shown = `${x} ${y} ${width} ${height} ${text}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const { element } = this;
    element.hidden = false;
    element.style.transform = `translate(${x}px, ${y}px)`;
    if (width > 0) element.style.width = `${width}px`;
    if (height > 0) element.style.height = `${height}px`;
    if (text && element.textContent !== text) element.textContent = text;
  }
}

export class OverlayElements {
  readonly element = make('div', 'timeline-overlay');
  /** Above the lanes and not the labels; x is counted from the left edge of the lanes. */
  private readonly lanes = make('div', 'timeline-overlay-lanes');
  private readonly hovered = this.piece(this.element, 'timeline-band');
  private readonly focused = this.piece(this.lanes, 'timeline-band timeline-band-focus');
  private readonly brush = this.piece(this.lanes, 'timeline-brush');
  private readonly ring = this.piece(this.lanes, 'timeline-ring');
  private readonly pointer = this.piece(this.lanes, 'timeline-pointer');
  private readonly pointerFlag = this.piece(this.lanes, 'timeline-flag');
  private readonly cursor = this.piece(this.lanes, 'timeline-cursor');
  private readonly cursorMini = this.piece(this.lanes, 'timeline-cursor');
  private readonly cursorFlag = this.piece(this.lanes, 'timeline-flag timeline-flag-cursor');

  constructor() {
    this.element.append(this.lanes);
    this.element.setAttribute('aria-hidden', 'true');
  }

  private piece(parent: HTMLElement, className: string): Piece {
    const element = make('div', className);
    parent.append(element);
    return new Piece(element);
  }

  show(scene: Scene, overlay: Overlay, flagWidth: (text: string) => number): void {
    const { scale, width, height } = scene;
    const band = (piece: Piece, at: Overlay['hovered'], wide: number) => {
      if (at && at.y + at.height > headHeight && at.y < height) {
        const top = Math.max(at.y, headHeight);
        piece.place(0, top, wide, at.y + at.height - top);
      } else piece.hide();
    };
    band(this.hovered, overlay.hovered, width);
    band(this.focused, overlay.focused, scale.width);
    if (overlay.brush) {
      const x0 = Math.round(xOf(scale, overlay.brush.from));
      this.brush.place(x0, minimapHeight, Math.max(1, Math.round(xOf(scale, overlay.brush.to)) - x0), height - minimapHeight);
    } else this.brush.hide();
    this.showRing(scene, overlay.selected);
    this.showLine(scene, overlay.pointer, this.pointer, this.pointerFlag, flagWidth);
    const { cursor } = scene;
    this.showLine(scene, cursor === undefined ? undefined : xOf(scale, cursor), this.cursor, this.cursorFlag, flagWidth, cursor);
    const mini = cursor === undefined ? -1 : xOf(minimapScale(scene.extent, scale, scale.width), cursor);
    if (mini >= 0 && mini <= scale.width) this.cursorMini.place(Math.round(mini), 0, 1, minimapHeight);
    else this.cursorMini.hide();
  }

  private showRing(scene: Scene, selected: Overlay['selected']): void {
    const { scale } = scene;
    const x0 = selected ? Math.max(-4, xOf(scale, selected.from)) : 0;
    const x1 = selected ? Math.min(scale.width + 4, xOf(scale, selected.to)) : 0;
    if (!selected || x1 < -4 || x0 > scale.width + 4 || selected.y < headHeight - 4) this.ring.hide();
    else if (selected.glyph) this.ring.place(Math.round(x0) - 8, selected.y - 1, 16, 16);
    else this.ring.place(Math.round(x0) - 2, selected.y - 1, Math.max(5, Math.round(x1 - x0) + 4), selected.height + 2);
    this.ring.element.classList.toggle('timeline-ring-round', selected?.glyph === true);
  }

  /** A line through the lanes with its time at the ruler. */
  private showLine(scene: Scene, x: number | undefined, line: Piece, flag: Piece, flagWidth: (text: string) => number, at?: number): void {
    const { scale, height, zone } = scene;
    if (x === undefined || x < -0.5 || x > scale.width + 0.5) {
      line.hide();
      flag.hide();
      return;
    }
    const text = flagOf(at ?? Math.round(scale.from + x * scale.perPixel), zone, scale.perPixel);
    const wide = Math.ceil(flagWidth(text)) + 12;
    line.place(Math.round(x), headHeight - 4, 0, height - headHeight + 4);
    flag.place(Math.round(Math.min(Math.max(x - wide / 2, 0), scale.width - wide)), headHeight - 19, wide, 0, text);
  }
}
