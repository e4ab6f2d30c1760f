import { onThemeChange, readPalette } from '../theme/palette';
import type { Moment, Window } from '../time/moment';
import type { Zone } from '../time/format';
import { between, clampedTo, eased, sameWindow, scaleOf, timeAt, withMargin, xOf, zoomedAt, pannedBy } from '../time/scale';
import { makeSheet, resize } from './canvas';
import { alertsBefore } from './columns';
import type { Stretch } from './critical';
import { drawRows } from './draw';
import { drawHead, drawMap, headHeight, mapHeight } from './head';
import type { Hit, Pick } from './hit';
import { listen } from './input';
import { makeLabels } from './labels';
import { layOut, type Spans } from './spans';
import { rowHeight, rowsOfSpans, type Arrow, type Scene, type Unknown } from './scene';
import { leastNames, makeStage, type Stage } from './stage';
import './gantt.css';

/** What a Gantt tells its owner. */
export interface GanttEvents {
  /** Somebody chose a span or an event; open: wants to see it on a page of its own. */
  picked: (pick: Pick, open: boolean) => void;
  /** What the pointer is over, and where on the screen. */
  hovered: (hit: Hit | undefined, x: number, y: number) => void;
  /** The window that is shown, when it has come to rest; undefined: everything. */
  shown: (window: Window | undefined) => void;
  /** Somebody put the cursor there. */
  pointed: (at: Moment) => void;
  /** Somebody opened or closed a row. */
  folded: (span: number, closed: boolean) => void;
  /** The column of names was made wider or narrower. */
  widened: (names: number) => void;
}

/** What a Gantt shows; whatever is left out stays as it is. */
export interface GanttChange {
  spans?: Spans;
  rows?: Int32Array;
  closed?: Uint8Array;
  zone?: Zone;
  selected?: Pick | undefined;
  cursor?: Moment | undefined;
  matches?: ReadonlySet<number>;
  path?: readonly Stretch[];
  unknown?: readonly Unknown[];
  arrows?: readonly Arrow[];
  /** Undefined: everything. */
  window?: Window | undefined;
  names?: number;
}

export interface Gantt {
  set(change: GanttChange): void;
  /** Zooms at the cursor, or at the middle; a factor above 1 shows more detail. */
  zoom(factor: number): void;
  /** Moves by a share of what is shown. */
  pan(share: number): void;
  /** Shows a window, gliding there; undefined: everything. */
  showWindow(window: Window | undefined): void;
  /** Scrolls and pans so that a span (or event) is seen. */
  reveal(pick: Pick): void;
  focus(): void;
  destroy(): void;
}

const noSpans = layOut({ spans: [] });
const glide = 180;

/** Draws a trace as a Gantt chart into an element. Nothing is drawn but what is seen; set may be called as often as one likes. */
export function mountGantt(host: HTMLElement, events: GanttEvents): Gantt {
  return new Chart(makeStage(host), events);
}

/** The parts of a Gantt that hear what the person does need this of it. */
export interface Drawn {
  readonly stage: Stage;
  readonly scene: Scene;
  readonly closed: Uint8Array;
  readonly bounds: Window;
  go(window: Window, how?: { glide?: boolean; settled?: boolean }): void;
  hover(hit: Hit | undefined, x: number, clientX: number, clientY: number): void;
  events: GanttEvents;
  widen(names: number): void;
  later(): void;
}

class Chart implements Gantt, Drawn {
  readonly stage: Stage;
  readonly events: GanttEvents;
  readonly scene: Scene;
  closed: Uint8Array = new Uint8Array(0);
  bounds: Window = { from: 0, to: 1 };
  private readonly sheet;
  private readonly head;
  private readonly map;
  private readonly labels;
  private readonly stops: (() => void)[];
  private wanted: Window | undefined;
  private mapIsOld = true;
  private frame = 0;
  private gliding?: { from: Window; to: Window; since: number } | undefined;
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(stage: Stage, events: GanttEvents) {
    this.stage = stage;
    this.events = events;
    this.sheet = makeSheet(stage.canvas);
    this.head = makeSheet(stage.headCanvas);
    this.map = makeSheet(document.createElement('canvas'));
    this.labels = makeLabels(stage.names);
    this.scene = {
      spans: noSpans, alerts: alertsBefore(noSpans), rows: new Int32Array(0), rowOf: new Int32Array(0), scale: scaleOf(this.bounds, 1), zone: 'utc',
      palette: readPalette(), top: 0, height: 0, hoverX: -1, matches: new Set(), path: [], unknown: [], arrows: [], columns: [],
    };
    const sized = new ResizeObserver(() => this.measure());
    sized.observe(stage.root);
    this.stops = [
      () => sized.disconnect(),
      onThemeChange(() => this.repaint()),
      listen(this),
    ];
    this.measure();
  }

  set(change: GanttChange): void {
    const { scene } = this;
    const { spans, rows, closed, window, names, ...plain } = change;
    if (spans && spans !== scene.spans) {
      scene.spans = spans;
      scene.alerts = alertsBefore(spans);
      scene.hover = undefined;
      this.bounds = withMargin({ from: spans.from, to: spans.to }, 0.03, 1000);
      if (!this.wanted) this.jump(this.bounds);
      this.mapIsOld = true;
    }
    if (rows && rows !== scene.rows) {
      scene.rows = rows;
      scene.rowOf = rowsOfSpans(scene.spans, rows);
      this.stage.space.style.height = `${rows.length * rowHeight + 8}px`;
      scene.top = this.stage.scroll.scrollTop;
      this.mapIsOld = true;
    }
    if (closed) this.closed = closed;
    if (names !== undefined) this.widen(names);
    if (plain.unknown && plain.unknown !== scene.unknown) this.mapIsOld = true;
    Object.assign(scene, plain);
    if ('window' in change) this.want(window);
    if ('selected' in change) this.tellSelected();
    this.later();
  }

  zoom(factor: number): void {
    const { scale, cursor } = this.scene;
    const x = cursor === undefined ? scale.width / 2 : xOf(scale, cursor);
    this.go(zoomedAt(scale, x >= 0 && x <= scale.width ? x : scale.width / 2, factor), { glide: true });
  }

  pan(share: number): void {
    this.go(pannedBy(this.scene.scale, share * this.scene.scale.width), { glide: true });
  }

  showWindow(window: Window | undefined): void {
    this.go(window ? withMargin(window, 0.1, 1000) : this.bounds, { glide: true });
  }

  reveal(pick: Pick): void {
    const { scene, stage } = this;
    const row = scene.rowOf[pick.span] ?? -1;
    if (row >= 0) {
      const y = row * rowHeight;
      const least = y - scene.height + rowHeight * 2;
      if (y - rowHeight < stage.scroll.scrollTop) stage.scroll.scrollTop = Math.max(0, y - rowHeight);
      else if (least > stage.scroll.scrollTop) stage.scroll.scrollTop = least;
      scene.top = stage.scroll.scrollTop;
    }
    const at = pick.event >= 0 ? (scene.spans.eventAt[pick.event] ?? 0) : undefined;
    const from = at ?? scene.spans.start[pick.span] ?? 0;
    const to = at ?? scene.spans.end[pick.span] ?? 0;
    if (to < scene.scale.from || from > scene.scale.to) {
      const half = (scene.scale.to - scene.scale.from) / 2;
      this.go({ from: Math.round(from - half), to: Math.round(from + half) }, { glide: true });
    }
    this.later();
  }

  focus(): void {
    this.stage.scroll.focus({ preventScroll: true });
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    for (const stop of this.stops) stop();
    this.stage.root.remove();
  }

  go(window: Window, how: { glide?: boolean; settled?: boolean } = {}): void {
    const to = clampedTo(window, this.bounds);
    this.wanted = sameWindow(to, this.bounds) ? undefined : to;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (how.glide && !still) this.gliding = { from: this.scene.scale, to, since: performance.now() };
    else this.jump(to);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = undefined;
      this.events.shown(this.wanted);
    }, how.settled ? 0 : 300);
    this.later();
  }

  hover(hit: Hit | undefined, x: number, clientX: number, clientY: number): void {
    this.scene.hover = hit;
    this.scene.hoverX = x;
    this.events.hovered(hit, clientX, clientY);
    this.later();
  }

  widen(names: number): void {
    const most = Math.max(200, this.stage.root.clientWidth - 300);
    const wide = Math.round(Math.min(most, Math.max(leastNames, names)));
    this.stage.root.style.setProperty('--names', `${wide}px`);
    this.stage.divider.ariaValueNow = String(wide);
    this.stage.divider.ariaValueMax = String(Math.max(most, wide));
    this.measure();
  }

  later(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  private want(window: Window | undefined): void {
    const to = window ?? this.bounds;
    // What the person does just now is not told yet: the owner's window is the one before it.
    if (this.resting !== undefined || sameWindow(to, this.wanted ?? this.bounds)) return;
    this.wanted = window;
    this.jump(to);
  }

  private jump(to: Window): void {
    this.gliding = undefined;
    this.scene.scale = scaleOf(to, this.scene.scale.width);
  }

  private measure(): void {
    const { stage, scene } = this;
    const names = stage.corner.getBoundingClientRect().width;
    const width = Math.max(50, stage.scroll.clientWidth - names);
    scene.height = stage.scroll.clientHeight;
    stage.view.style.height = `${scene.height}px`;
    resize(this.sheet, width, scene.height);
    resize(this.head, width, headHeight);
    resize(this.map, width, mapHeight);
    scene.scale = scaleOf(scene.scale, width);
    this.mapIsOld = true;
    this.later();
  }

  private repaint(): void {
    this.scene.palette = readPalette();
    this.mapIsOld = true;
    this.later();
  }

  private tellSelected(): void {
    const { selected } = this.scene;
    if (selected) this.stage.scroll.setAttribute('aria-activedescendant', this.labels.idOf(selected.span));
    else this.stage.scroll.removeAttribute('aria-activedescendant');
  }

  private draw(now: number): void {
    this.frame = 0;
    const { scene } = this;
    if (this.gliding) {
      const share = (now - this.gliding.since) / glide;
      scene.scale = scaleOf(between(this.gliding.from, this.gliding.to, eased(share)), scene.scale.width);
      if (share >= 1) this.gliding = undefined;
      else this.later();
    }
    if (this.mapIsOld) {
      drawMap(this.map, scene, this.bounds);
      this.mapIsOld = false;
    }
    this.labels.draw(scene, this.closed);
    drawRows(this.sheet, scene);
    drawHead(this.head, this.map, scene, this.bounds, scene.hoverX >= 0 ? timeAt(scene.scale, scene.hoverX) : undefined);
  }
}
