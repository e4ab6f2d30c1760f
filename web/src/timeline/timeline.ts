/** The timeline: lanes of many objects on one time axis, on a plain canvas. It knows nothing of pages: whoever mounts it tells it what to show. */
import type { Row } from '../api/drawn';
import { onThemeChange, type StateName } from '../theme/palette';
import type { Moment, Window } from '../time/moment';
import type { Zone } from '../time/format';
import { between, clampedTo, eased, sameWindow, scaleOf } from '../time/scale';
import { allShown, type Shown } from './assemble';
import { Card, cardLines } from './card';
import { headHeight, type Density } from './draw_head';
import type { Overlay } from './draw_overlay';
import { hitDerived, hitLane, type Hit } from './hit';
import type { Selected, TimelineEvents, TimelineOptions } from './contract';
import { attachInput } from './input';
import { attachKeys } from './keys';
import { idOf, keepWidth, keptWidth, LabelList, leastLabels, make, mostLabels } from './labels';
import { lanesInView, selectedPlace, spotAt, spotOf, type Spot } from './inview';
import { LaneStore, laneKey } from './lanestore';
import { canvasLook, type Look } from './look';
import { News } from './news';
import { OverlayElements } from './overlay';
import { layoutRows, lineAt, plainKey, type Layouts, type Line, type RowOptions } from './rows';
import { drawScene, pinnedHeight, scratch, type Drawn, type Scene } from './scene';
import { scrollPicture, shiftPatterns } from './scroll';
import type { TileRange } from './tiles';
import './timeline.css';

export type { Selected, TimelineEvents, TimelineOptions };

export type RowChoice = Omit<RowOptions, 'shapes'>;

export const plainRows: RowChoice = {
  group: 'tree', sort: 'name', filter: '', fold: new Set(), open: new Set(), pin: new Set(), hide: new Set(), score: () => undefined,
};

const noLayout: Layouts = layoutRows([], { ...plainRows, shapes: () => undefined });

/** Mounts a timeline into an element that has a size. */
export function mountTimeline(host: HTMLElement, options: TimelineOptions): Timeline {
  return new Timeline(host, options);
}

export class Timeline {
  readonly host: HTMLElement;
  readonly scroller = make('div', 'timeline-scroll');
  readonly card = new Card();
  readonly store: LaneStore;
  readonly on: TimelineEvents;
  readonly overlay: Overlay = { hovered: undefined, focused: undefined, selected: undefined, pointer: undefined, brush: undefined };
  scene: Scene;
  selected: Selected | undefined;
  /** Key of the line that keys act on. */
  focused = '';
  /** How long drawing took lately, in milliseconds: for measuring. */
  lastFrame = 0;
  look: Look;
  private choice: RowChoice = plainRows;
  private readonly base = make('canvas', 'timeline-base');
  private readonly above = new OverlayElements();
  private readonly space = make('div', 'timeline-space');
  private readonly view = make('div', 'timeline-view');
  /** Where the caller may put what belongs above the labels. */
  readonly corner = make('div', 'timeline-corner');
  readonly split = make('div', 'timeline-split');
  private readonly news: News;
  private readonly spoken = make('div', 'visually-hidden');
  private readonly labels: LabelList;
  private readonly pinnedLabels: LabelList;
  private readonly ends: (() => void)[] = [];
  /** As the person wants it; the picture may have less room. */
  private labelWidth = keptWidth();
  private ratio = 1;
  private frame = 0;
  private dirty = { base: true, scroll: false, layout: false };
  private flight: { from: Window; to: Window; start: number; span: number } | undefined;
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(host: HTMLElement, options: TimelineOptions) {
    this.host = host;
    this.on = options.on;
    this.news = new News(this.scroller, options.on.failed);
    this.store = new LaneStore({
      load: options.load,
      changed: (reshaped) => {
        if (reshaped) this.dirty.layout = true;
        this.redraw();
      },
      asked: () => this.tellBusy(),
      ...(options.maxWeight ? { maxWeight: options.maxWeight } : {}),
    });
    const empty: Window = { from: 0, to: 1_000_000 };
    this.scene = {
      rows: [], layouts: noLayout, store: this.store, scale: scaleOf(empty, 1), zone: 'utc', recorded: empty, extent: empty, density: undefined, width: 1, height: 1,
      left: this.labelWidth, scrollTop: 0, cursor: undefined, now: 0,
    };
    const labelHost = {
      row: (line: Line) => this.scene.rows[line.row],
      href: options.href,
      pinned: (line: Line) => this.choice.pin.has(plainKey(line)),
      toggle: (what: 'fold' | 'open' | 'pin', line: Line) => this.on.toggle(what, plainKey(line)),
      menu: (line: Line, at: HTMLElement) => this.on.menu(line, this.scene.rows[line.row], at.getBoundingClientRect()),
      focus: (line: Line) => this.setFocus(line.key, false),
      follow: (row: Row, event: MouseEvent) => this.on.follow(row, event),
    };
    this.labels = new LabelList(labelHost, false);
    this.pinnedLabels = new LabelList(labelHost, true);
    this.build(options.label ?? 'Timeline');
    this.look = canvasLook(this.base, this.ratio);
    this.ends.push(attachInput(this), attachKeys(this), onThemeChange(() => this.restyle()));
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(host);
    this.ends.push(() => observer.disconnect());
    this.resize();
  }

  private build(label: string): void {
    this.host.classList.add('timeline');
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute('role', 'treegrid');
    this.scroller.setAttribute('aria-label', label);
    this.base.setAttribute('role', 'img');
    this.base.setAttribute('aria-label', `${label}: the states, requests and Events of each row over time. Arrow keys move among rows and records, which are read aloud.`);
    this.spoken.setAttribute('aria-live', 'polite');
    this.split.tabIndex = 0;
    this.split.setAttribute('role', 'separator');
    this.split.setAttribute('aria-valuemin', String(leastLabels));
    this.split.setAttribute('aria-orientation', 'vertical');
    this.split.setAttribute('aria-label', 'Width of the labels');
    const holder = make('div', 'timeline-holder');
    const pinnedHolder = make('div', 'timeline-pinned');
    holder.append(this.labels.element);
    pinnedHolder.append(this.pinnedLabels.element);
    this.view.append(holder, pinnedHolder);
    this.space.append(this.view);
    this.scroller.append(this.space);
    this.host.append(this.base, this.scroller, this.corner, this.above.element, this.split, this.card.element, this.spoken);
    const scrolled = () => {
      this.scene.scrollTop = Math.round(this.scroller.scrollTop);
      this.card.hide();
      this.overlay.hovered = undefined;
      this.dirty.scroll = true;
      this.schedule();
    };
    this.scroller.addEventListener('scroll', scrolled, { passive: true });
    this.scroller.addEventListener('focus', () => {
      const first = this.scene.layouts.main.lines[lineAt(this.scene.layouts.main, this.scene.scrollTop)];
      if (first && !this.spotOf(this.focused)) this.setFocus(first.key, false);
    });
  }

  get window(): Window {
    return this.flight?.to ?? this.scene.scale;
  }

  // What to show.

  setRows(rows: readonly Row[], choice: RowChoice): void {
    this.scene.rows = rows;
    this.choice = choice;
    this.relayout();
    this.tellBusy();
  }

  private tellBusy(moving = false): void {
    this.news.tell(moving || this.scene.rows.length === 0 || this.store.loading);
  }

  /** Lays the rows out again; the row at the top of the view, or the focused one where it is in view, stays where it is. */
  private relayout(): void {
    this.dirty.layout = false;
    const before = this.scene.layouts.main;
    const focus = before.byKey.get(this.focused);
    const inView = focus !== undefined && (before.top[focus] ?? 0) >= this.scene.scrollTop && (before.top[focus] ?? 0) < this.scene.scrollTop + this.scene.height - headHeight;
    const anchor = inView && focus !== undefined ? focus : lineAt(before, this.scene.scrollTop);
    const key = before.lines[anchor]?.key;
    const away = (before.top[anchor] ?? 0) - this.scene.scrollTop;
    const shapes = (row: Row) => {
      const entry = row.uid ? this.store.entry(row.cluster, row.uid) : undefined;
      return entry?.derived ? entry.shapes : undefined;
    };
    this.scene.layouts = layoutRows(this.scene.rows, { ...this.choice, shapes });
    const count = this.scene.layouts.main.lines.length;
    if (count !== before.lines.length) this.scroller.setAttribute('aria-rowcount', String(count));
    const now = key === undefined ? undefined : this.scene.layouts.main.byKey.get(key);
    this.space.style.height = `${this.scene.layouts.main.height + pinnedHeight(this.scene) + 24}px`;
    if (now !== undefined && this.scene.scrollTop > 0) this.scroller.scrollTop = (this.scene.layouts.main.top[now] ?? 0) - away;
    this.scene.scrollTop = Math.round(this.scroller.scrollTop);
    this.reach();
    this.redraw();
  }

  /** What is recorded at all, and the part of it that there is something to see in. */
  setRecorded(recorded: Window, extent: Window, density: Density | undefined): void {
    this.scene.recorded = recorded;
    this.scene.extent = extent;
    this.scene.density = density;
    this.redraw();
  }

  setZone(zone: Zone): void {
    this.scene.zone = zone;
    this.redraw();
  }

  setShown(shown: Shown): void {
    const all = shown.requests && shown.reads && shown.events && shown.spans;
    scratch.lane.shown = all ? allShown : shown;
    this.store.setReads(shown.reads);
    this.redraw();
  }

  setCursor(at: Moment | undefined): void {
    this.scene.cursor = at;
    this.redraw();
  }

  setSelected(selected: Selected | undefined): void {
    const fresh = selected && (selected.id !== this.selected?.id || selected.uid !== this.selected.uid);
    this.selected = selected;
    if (fresh) this.awaited = laneKey(selected.cluster, selected.uid);
    this.reach();
    this.redraw();
  }

  /** The row that is to come into view as soon as it is there: a link may name it. */
  private awaited = '';

  private reach(): void {
    if (!this.awaited || !this.spotOf(this.awaited)) return;
    if (!this.focused.startsWith(this.awaited)) this.setFocus(this.awaited, true);
    this.awaited = '';
  }

  /** Shows a window that was chosen elsewhere. */
  setWindow(window: Window, animate = false): void {
    if (sameWindow(window, this.window)) return;
    this.moveTo(window, animate);
  }

  /** Moves the window by hand and tells so. */
  go(window: Window, how: { animate?: boolean; settled?: boolean; jump?: boolean } = {}): void {
    const clamped = clampedTo(window, this.scene.extent);
    this.moveTo(clamped, how.animate ?? false);
    this.on.window(clamped, { settled: how.settled ?? true, jump: how.jump ?? false });
  }

  private moveTo(window: Window, animate: boolean): void {
    if (animate && !this.still.matches && this.scene.width > 1) {
      this.flight = { from: { from: this.scene.scale.from, to: this.scene.scale.to }, to: window, start: performance.now(), span: 220 };
    } else {
      this.flight = undefined;
      this.scene.scale = scaleOf(window, this.lanesWidth());
    }
    this.redraw();
  }

  /** Something new was recorded: what held at a moment may have ended since. */
  refresh(from: Moment): void {
    this.store.outdate(from);
    this.redraw();
  }

  setFocus(key: string, reveal: boolean): void {
    this.focused = key;
    const spot = this.spotOf(key);
    if (spot) this.scroller.setAttribute('aria-activedescendant', idOf(spot.line, spot.pinned));
    if (spot && reveal && !spot.pinned) this.reveal(spot);
    this.redraw();
  }

  private reveal(spot: Spot): void {
    const top = headHeight + pinnedHeight(this.scene);
    if (spot.y < top) this.scroller.scrollTop -= top - spot.y;
    else if (spot.y + spot.height > this.scene.height) this.scroller.scrollTop += spot.y + spot.height - this.scene.height + 8;
    this.scene.scrollTop = Math.round(this.scroller.scrollTop);
  }

  /** What lay below the pointer does so no longer. */
  forgetPointer(): void {
    this.overlay.hovered = this.overlay.pointer = undefined;
    this.card.hide();
    this.redrawOverlay();
  }

  /** Says something to who can not see. */
  speak(words: string): void {
    this.spoken.textContent = words;
  }

  // Where things are.

  get layouts(): Layouts {
    return this.scene.layouts;
  }

  spotOf(key: string): Spot | undefined {
    return spotOf(this.scene, key);
  }

  /** The line at a height of the picture. */
  spotAt(y: number): Spot | undefined {
    return spotAt(this.scene, y);
  }

  rowOf(line: Line): Row | undefined {
    return this.scene.rows[line.row];
  }

  /** What lies at a point of the picture. */
  hitAt(spot: Spot, x: number, y: number): Hit {
    const row = this.rowOf(spot.line);
    const entry = row?.uid ? this.store.entry(row.cluster, row.uid) : undefined;
    if (!entry || spot.line.kind === 'group' || spot.line.kind === 'waiting') return { kind: 'nothing' };
    const { scale, recorded } = this.scene;
    if (spot.line.kind === 'derived') {
      scratch.derived.fill(this.store, entry, spot.line.shape?.key ?? '', this.range());
      return hitDerived(scratch.derived, scale, x - this.scene.left, recorded.to);
    }
    scratch.lane.fill(this.store, entry, this.range(), scale, 12 * scale.perPixel);
    return hitLane(scratch.lane, scale, x - this.scene.left, y - spot.y, recorded.to);
  }

  private lastRange: TileRange = { level: 0, first: 0, last: 0 };

  range(): TileRange {
    return this.lastRange;
  }

  showCard(spot: Spot, hit: Hit, x: number, y: number): void {
    const row = this.rowOf(spot.line);
    const { zone, scale, cursor } = this.scene;
    const lines = cardLines(hit, { row, shape: spot.line.shape, zone, perPixel: scale.perPixel, cursor });
    const heading = row ? `${row.kind ?? ''} ${row.namespace ? `${row.namespace}/` : ''}${row.name ?? ''}` : '';
    this.card.show(lines, heading, x, y, { width: this.scene.width, height: this.scene.height });
  }

  // Drawing.

  lanesWidth(): number {
    return Math.max(50, this.scroller.clientWidth - this.scene.left);
  }

  setLabelWidth(width: number): void {
    this.labelWidth = Math.round(Math.min(Math.max(width, leastLabels), mostLabels(this.scene.width)));
    keepWidth(this.labelWidth);
    this.resize();
  }

  private resize(): void {
    const { width, height } = this.host.getBoundingClientRect();
    this.ratio = Math.min(3, window.devicePixelRatio || 1);
    this.scene.width = Math.max(1, Math.floor(width));
    this.scene.height = Math.max(1, Math.floor(height));
    // Where the picture becomes wide again, so do the labels.
    this.scene.left = Math.min(this.labelWidth, mostLabels(width));
    this.split.setAttribute('aria-valuenow', String(this.scene.left));
    this.split.setAttribute('aria-valuemax', String(mostLabels(width)));
    this.host.style.setProperty('--timeline-left', `${this.scene.left}px`);
    this.host.style.setProperty('--timeline-head', `${headHeight}px`);
    this.scene.scale = scaleOf(this.scene.scale, this.lanesWidth());
    // Only the lanes are canvas; the labels beside them are elements.
    const wide = this.scene.width - this.scene.left;
    this.base.width = Math.round(wide * this.ratio);
    this.base.height = Math.round(this.scene.height * this.ratio);
    this.base.style.width = `${wide}px`;
    this.base.style.height = `${this.scene.height}px`;
    this.look = canvasLook(this.base, this.ratio);
    this.relayout();
    this.draw();
  }

  private restyle(): void {
    this.look = canvasLook(this.base, this.ratio);
    this.redraw();
  }

  /** Draws all again with the next frame. */
  redraw(): void {
    this.dirty.base = true;
    this.schedule();
  }

  /** Draws only what lies above: the pointer moved. */
  redrawOverlay(): void {
    this.schedule();
  }

  private schedule(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const start = performance.now();
    if (this.dirty.layout) this.relayout();
    if (this.flight) this.fly(start);
    if (this.dirty.base || (this.dirty.scroll && !this.scrolled())) this.drawBase(start);
    this.drawAbove();
    this.dirty.base = this.dirty.scroll = false;
    this.lastFrame = performance.now() - start;
    if (this.flight) this.redraw();
  }

  private fly(now: number): void {
    if (!this.flight) return;
    const share = (now - this.flight.start) / this.flight.span;
    this.scene.scale = scaleOf(between(this.flight.from, this.flight.to, eased(share)), this.lanesWidth());
    if (share >= 1) this.flight = undefined;
  }

  private drawBase(now: number): void {
    const context = this.base.getContext('2d', { alpha: false });
    if (!context) return;
    context.setTransform(this.ratio, 0, 0, this.ratio, -this.scene.left * this.ratio, 0);
    this.scene.now = this.still.matches ? 0 : now;
    shiftPatterns(this.look, this.scene);
    const drawn = drawScene(context, this.look, this.scene, this.told);
    this.lastRange = drawn.range;
    this.drawn = drawn;
    this.drawnTop = this.scene.scrollTop;
    this.afterDrawing(drawn.moving);
  }

  private drawn: Drawn | undefined;
  /** Where the rows were when they were drawn. */
  private drawnTop = 0;

  private readonly told = (line: Line, state: StateName | ''): void => {
    this.labels.setState(line.key, state);
    this.pinnedLabels.setState(line.key, state);
  };

  /** Where nothing but the rows' place changed: moves what is drawn, and draws only the rows that came into view. */
  private scrolled(): boolean {
    const context = this.base.getContext('2d', { alpha: false });
    if (!context || !this.drawn) return false;
    shiftPatterns(this.look, this.scene);
    const moved = scrollPicture(context, this.ratio, this.look, this.scene, this.drawn, this.scene.scrollTop - this.drawnTop, this.told);
    if (moved === undefined) return false;
    this.drawnTop = this.scene.scrollTop;
    this.afterDrawing(moved);
    return true;
  }

  private afterDrawing(moving: boolean): void {
    this.showLabels();
    this.store.want(lanesInView(this.scene), this.lastRange);
    this.tellBusy(moving);
    this.news.tellFailure(this.store.failure);
    if (moving && !this.still.matches && !this.moving) this.moving = setTimeout(() => {
      this.moving = undefined;
      this.redraw();
    }, 50);
  }

  private moving: ReturnType<typeof setTimeout> | undefined;

  private shownPinned = -1;

  private showLabels(): void {
    const pinned = pinnedHeight(this.scene);
    // Setting a property lays everything out again, even to what it is.
    this.pinnedLabels.element.hidden = pinned === 0;
    if (pinned !== this.shownPinned) this.host.style.setProperty('--timeline-pinned', `${pinned}px`);
    this.shownPinned = pinned;
    const { scrollTop, height, layouts } = this.scene;
    this.labels.show(layouts.main, scrollTop, scrollTop + height - headHeight - pinned, -scrollTop);
    this.pinnedLabels.show(layouts.pinned, 0, pinned, 0);
    const selected = this.selected ? laneKey(this.selected.cluster, this.selected.uid) : '';
    this.labels.setFocus(this.focused, selected);
    this.pinnedLabels.setFocus(this.focused, selected);
  }

  private drawAbove(): void {
    const focus = this.spotOf(this.focused);
    this.overlay.focused = focus && { y: focus.y, height: focus.height };
    const spot = this.selected && this.spotOf(laneKey(this.selected.cluster, this.selected.uid));
    this.overlay.selected = spot && this.selected ? selectedPlace(this.scene, this.lastRange, spot, this.selected) : undefined;
    this.above.show(this.scene, this.overlay, (text) => this.look.label.width(text));
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.moving);
    for (const end of this.ends) end();
    this.store.close();
    this.host.replaceChildren();
    this.host.classList.remove('timeline');
  }
}
