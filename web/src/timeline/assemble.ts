/** What one lane shows in a window, put together from its tiles into lists that are used again for the next lane: drawing allocates nothing. */
import type { Bar, LaneBin, Mark, Step, Stretch } from '../api/drawn';
import type { Window } from '../time/moment';
import { shapes, type Bars, type LaneData, type Shape } from './lanedata';
import type { LaneEntry, LaneStore } from './lanestore';
import type { TileRange } from './tiles';

/** Bars of a lane, those that tiles cut in two put together again. */
export class BarList {
  count = 0;
  from = new Float64Array(256);
  to = new Float64Array(256);
  early = new Float64Array(256);
  /** Where the state ends in truth, behind the tiles that are drawn too; Infinity: not before the end of what is recorded. */
  until = new Float64Array(256);
  /** 1 where it may go on behind until: what was recorded since is not known here. */
  atLeast = new Uint8Array(256);
  state = new Uint8Array(256);
  readonly bar: Bar[] = [];

  clear(): void {
    this.count = 0;
  }

  /** Adds what of the bars lies in the window; sure is as of LaneData. */
  add(bars: Bars, window: Window, sure = Infinity): void {
    for (let i = firstEnding(bars, window.from); i < bars.count; i++) {
      const from = bars.from[i] ?? 0;
      if (from >= window.to) break;
      this.push(bars, i, Math.min(bars.to[i] ?? 0, window.to === Infinity ? Infinity : Math.max(window.to, from)), sure);
    }
  }

  private push(bars: Bars, i: number, to: number, sure: number): void {
    const bar = bars.all[i];
    if (!bar) return;
    const from = bars.from[i] ?? 0;
    const last = this.count - 1;
    const before = this.bar[last];
    // A state that goes on over the edge of a tile is one: there it begins before what it is told of, and says the same.
    if (last >= 0 && before && this.state[last] === bars.state[i] && from < (this.to[last] ?? 0) && before.text === bar.text && !before.n && !bar.n) {
      this.to[last] = Math.max(to, this.to[last] ?? 0);
      this.end(last, bars.to[i] ?? 0, sure);
      return;
    }
    // A tile of another level tells the same time at another resolution: what was drawn already is not drawn again.
    const begin = last >= 0 ? Math.max(from, Math.min(this.to[last] ?? 0, to)) : from;
    if (this.count === this.from.length) this.grow();
    this.from[this.count] = begin;
    this.to[this.count] = to;
    this.early[this.count] = begin === from ? (bars.early[i] ?? from) : begin;
    this.state[this.count] = bars.state[i] ?? 0;
    this.bar[this.count] = bar;
    this.end(this.count, bars.to[i] ?? 0, sure);
    this.count++;
  }

  private end(i: number, to: number, sure: number): void {
    const open = to === Infinity && sure < Infinity;
    this.until[i] = open ? Math.max(sure, this.from[i] ?? 0) : to;
    this.atLeast[i] = open ? 1 : 0;
  }

  private grow(): void {
    const size = this.from.length * 2;
    this.from = grown(this.from, size);
    this.to = grown(this.to, size);
    this.early = grown(this.early, size);
    this.until = grown(this.until, size);
    const atLeast = new Uint8Array(size);
    atLeast.set(this.atLeast);
    this.atLeast = atLeast;
    const state = new Uint8Array(size);
    state.set(this.state);
    this.state = state;
  }
}

function grown(old: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const next = new Float64Array(size);
  next.set(old);
  return next;
}

/** Index of the first bar that ends behind a moment. */
function firstEnding(bars: Bars, at: number): number {
  let low = 0;
  let high = bars.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars.to[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first number that is not below at. */
function firstFrom(numbers: Float64Array, count: number, at: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is drawn of the records; states are drawn always. */
export interface Shown {
  requests: boolean;
  reads: boolean;
  events: boolean;
  spans: boolean;
}

export const allShown: Shown = { requests: true, reads: true, events: true, spans: true };

const sortOf: Record<Shape, keyof Shown> = {
  create: 'requests', change: 'requests', delete: 'requests', failed: 'requests', noop: 'requests', seen: 'requests', gap: 'requests',
  read: 'reads', normal: 'events', warning: 'events', span: 'spans',
};
const sorts = shapes.map((s) => sortOf[s]);

/** Adds a stretch to those that are not loaded; neighbours are one. */
function addMissing(all: Window[], { from, to }: Window): void {
  const last = all[all.length - 1];
  if (last && from <= last.to && to >= last.from) all[all.length - 1] = { from: Math.min(last.from, from), to: Math.max(last.to, to) };
  else all.push({ from, to });
}

/** Everything of one lane in a window. */
export class Assembled {
  shown: Shown = allShown;
  readonly bars = new BarList();
  marks = 0;
  markAt = new Float64Array(512);
  markUntil = new Float64Array(512);
  markShape = new Uint8Array(512);
  readonly mark: Mark[] = [];
  bins = 0;
  binAt = new Float64Array(512);
  binWidth = new Float64Array(512);
  readonly bin: LaneBin[] = [];
  readonly unknown: Stretch[] = [];
  /** Stretches of which nothing is loaded yet: what happened in them is not told. */
  readonly missing: Window[] = [];
  /** 0: nothing is there yet, 1: at another resolution, 2: all. */
  complete: 0 | 1 | 2 = 0;
  cut = '';
  private window: Window = { from: 0, to: 0 };

  private readonly addData = (data: LaneData, within: Window): void => {
    // A bar is kept to the tile's end even where that is outside the view: its text is placed by what is in view.
    this.bars.add(data.bars, within, data.sure);
    this.addMarks(data, Math.max(within.from, this.window.from), Math.min(within.to, this.window.to));
    for (const stretch of data.unknown) if (!this.unknown.some((u) => u.from === stretch.from && u.to === stretch.to && u.reason === stretch.reason)) this.unknown.push(stretch);
    if (data.cut) this.cut = data.cut;
  };

  private readonly miss = (window: Window): void => addMissing(this.missing, window);

  /** Puts a lane together; margin is added at both ends for glyphs that reach into the view. */
  fill(store: LaneStore, lane: LaneEntry, range: TileRange, window: Window, margin: number): void {
    this.clear({ from: window.from - margin, to: window.to + margin });
    this.complete = 2;
    let some = false;
    for (let index = range.first; index <= range.last; index++) {
      const got = store.each(lane, range.level, index, this.addData, this.miss);
      if (got < this.complete) this.complete = got;
      some ||= got > 0;
    }
    if (some && this.complete === 0) this.complete = 1;
  }

  clear(window: Window): void {
    this.window = window;
    this.bars.clear();
    this.marks = 0;
    this.bins = 0;
    this.unknown.length = 0;
    this.missing.length = 0;
    this.cut = '';
  }

  private addMarks(data: LaneData, from: number, to: number): void {
    const { marks, bins } = data;
    for (let i = firstFrom(marks.at, marks.count, from); i < marks.count && (marks.at[i] ?? 0) < to; i++) {
      const mark = marks.all[i];
      const sort = sorts[marks.shape[i] ?? 0];
      if (!mark || (sort && !this.shown[sort])) continue;
      if (this.marks === this.markAt.length) this.growMarks();
      this.markAt[this.marks] = marks.at[i] ?? 0;
      this.markUntil[this.marks] = marks.until[i] ?? 0;
      this.markShape[this.marks] = marks.shape[i] ?? 0;
      this.mark[this.marks] = mark;
      this.marks++;
    }
    for (let i = firstFrom(bins.at, bins.count, from - data.bin); i < bins.count && (bins.at[i] ?? 0) < to; i++) {
      const whole = bins.all[i];
      const bin = whole && this.shown !== allShown ? partOf(whole, this.shown) : whole;
      if (!bin) continue;
      if (this.bins === this.binAt.length) this.growBins();
      this.binAt[this.bins] = bins.at[i] ?? 0;
      this.binWidth[this.bins] = data.bin;
      this.bin[this.bins] = bin;
      this.bins++;
    }
  }

  private growMarks(): void {
    const size = this.markAt.length * 2;
    this.markAt = grown(this.markAt, size);
    this.markUntil = grown(this.markUntil, size);
    const shape = new Uint8Array(size);
    shape.set(this.markShape);
    this.markShape = shape;
  }

  private growBins(): void {
    const size = this.binAt.length * 2;
    this.binAt = grown(this.binAt, size);
    this.binWidth = grown(this.binWidth, size);
  }
}

/** What of a column is shown; undefined: nothing. */
function partOf(bin: LaneBin, shown: Shown): LaneBin | undefined {
  const part: LaneBin = {
    bin: bin.bin,
    changes: shown.requests ? (bin.changes ?? 0) : 0,
    failed: shown.requests ? (bin.failed ?? 0) : 0,
    reads: shown.reads ? (bin.reads ?? 0) : 0,
    normal: shown.events ? (bin.normal ?? 0) : 0,
    warning: shown.events ? (bin.warning ?? 0) : 0,
    spans: shown.spans ? (bin.spans ?? 0) : 0,
  };
  return part.changes || part.failed || part.reads || part.normal || part.warning || part.spans ? part : undefined;
}

/** What one derived row of a lane shows: its bars, or its steps. */
export class AssembledDerived {
  readonly bars = new BarList();
  readonly steps: Step[] = [];
  max = 0;
  /** As of Assembled. */
  readonly missing: Window[] = [];
  complete: 0 | 1 | 2 = 0;
  private key = '';

  private readonly miss = (window: Window): void => addMissing(this.missing, window);

  private readonly addData = (data: LaneData, within: Window): void => {
    // It was asked for without its derived rows, before they were opened.
    if (!data.derived) this.miss(within);
    const derived = data.derived?.get(this.key);
    if (derived?.bars) this.bars.add(derived.bars, within, data.sure);
    if (!derived?.steps) return;
    this.max = Math.max(this.max, derived.steps.max);
    for (const step of derived.steps.all) {
      const last = this.steps[this.steps.length - 1];
      if (step.at < within.to && (!last || step.at > last.at)) this.steps.push(step);
    }
  };

  fill(store: LaneStore, lane: LaneEntry, key: string, range: TileRange): void {
    this.key = key;
    this.bars.clear();
    this.steps.length = 0;
    this.missing.length = 0;
    this.max = 0;
    this.complete = 2;
    for (let index = range.first; index <= range.last; index++) {
      const got = store.each(lane, range.level, index, this.addData, this.miss);
      if (got < this.complete) this.complete = got;
    }
  }
}
