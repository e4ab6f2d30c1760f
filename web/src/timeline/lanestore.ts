/** The lanes that are at hand, and those that are asked for. Bounded: what was not drawn for longest goes first. */
import { ApiError } from '../api/client';
import type { Derived, Lanes } from '../api/drawn';
import type { Window } from '../time/moment';
import { derivedGroups, derivedKey, laneData, type LaneData } from './lanedata';
import { above, binOf, lastLevel, tileBins, tileKey, tileWindow, type TileRange } from './tiles';

/** One question for tiles of some lanes. */
export interface LaneAsk {
  cluster: string;
  uids: string[];
  window: Window;
  bins: number;
  derived: boolean;
  reads: boolean;
}

export type LoadLanes = (ask: LaneAsk, signal: AbortSignal) => Promise<Lanes>;

/** A row derived from an object's states, as far as its row is concerned. */
export interface DerivedShape {
  key: string;
  group: string;
  name: string;
  steps: boolean;
}

/** What is kept of one lane. */
export interface LaneEntry {
  readonly cluster: string;
  readonly uid: string;
  readonly tiles: Map<number, Tile>;
  /** Its derived rows, as far as they are known. */
  shapes: readonly DerivedShape[];
  /** Derived rows were answered at least once. */
  derived: boolean;
  error: string;
  /** The error was none of this lane: the server did not answer, and may do so later. */
  lost?: boolean;
  /** It is asked for again; the error stands until the answer is there. */
  again?: boolean;
}

interface Tile {
  data: LaneData;
  level: number;
  index: number;
  /** Number of the generation of facts that it tells of; an older one is drawn until the new one is there. */
  generation: number;
  derived: boolean;
  used: number;
}

/** A lane that is in view or near it. */
export interface Wanted {
  cluster: string;
  uid: string;
  derived: boolean;
}

export interface StoreOptions {
  load: LoadLanes;
  /** Something arrived; uids whose derived rows are other ones than before are told. */
  changed: (reshaped: boolean) => void;
  /** Something is asked for now, or no longer. */
  asked?: () => void;
  /** Bound of what is kept, in entries of about 200 bytes. */
  maxWeight?: number;
  pause?: number;
  /** Instead of the pauses before lost lanes are asked for again. */
  pauses?: readonly number[];
}

interface Batch {
  ask: LaneAsk;
  level: number;
  index: number;
  generation: number;
  abort: AbortController;
}

const maxBatch = 60;
const maxFlying = 4;

/** Pauses before lost lanes are asked for again, in milliseconds; the last one repeats. */
const pauses = [2_000, 5_000, 15_000, 30_000];

export class LaneStore {
  private readonly lanes = new Map<string, LaneEntry>();
  private readonly load: LoadLanes;
  private readonly changed: (reshaped: boolean) => void;
  private readonly asked: () => void;
  private readonly maxWeight: number;
  private readonly pause: number;
  private readonly pauses: readonly number[];
  /** How often in a row there was no answer, and when it is tried next. */
  private tries = 0;
  private later: ReturnType<typeof setTimeout> | undefined;
  private weight = 0;
  private clock = 0;
  private generation = 1;
  /** Reads are asked for, too. */
  private reads = false;
  private wanted: readonly Wanted[] = [];
  private range: TileRange = { level: 0, first: 0, last: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly flying = new Set<Batch>();
  private readonly flyingTiles = new Map<string, Batch>();

  constructor(options: StoreOptions) {
    this.load = options.load;
    this.changed = options.changed;
    this.asked = options.asked ?? (() => undefined);
    this.maxWeight = options.maxWeight ?? 400_000;
    this.pause = options.pause ?? 60;
    this.pauses = options.pauses ?? pauses;
  }

  /** Says what is drawn now; what of it is missing is asked for soon, and what is being asked for and no longer wanted is cancelled. */
  want(wanted: readonly Wanted[], range: TileRange): void {
    this.wanted = wanted;
    this.range = range;
    this.clock++;
    if (this.timer === undefined) this.timer = setTimeout(() => this.ask(), this.pause);
  }

  entry(cluster: string, uid: string): LaneEntry | undefined {
    return this.lanes.get(laneKey(cluster, uid));
  }

  /** Whether everything that is wanted is there. */
  get settled(): boolean {
    return this.timer === undefined && this.flying.size === 0;
  }

  get loading(): boolean {
    return this.flying.size > 0;
  }

  get entries(): number {
    return this.weight;
  }

  /** Reads are shown or not: what was answered otherwise is out of date. */
  setReads(reads: boolean): void {
    if (reads === this.reads) return;
    this.reads = reads;
    this.outdate(-Infinity);
  }

  /** Something new was recorded, most of it behind a moment, but not all: audit logs come in batches, and what an agent kept while it was cut off much later. */
  outdate(from: number): void {
    this.generation++;
    // What a tile told to go on may have ended since.
    if (from > -Infinity) for (const lane of this.lanes.values()) for (const tile of lane.tiles.values()) tile.data.sure = Math.min(tile.data.sure, from);
    this.want(this.wanted, this.range);
  }

  /** Asks again for all lanes that had no answer: those in view at once, others when they come into view. */
  retry(): void {
    for (const lane of this.lanes.values()) {
      lane.error = '';
      lane.lost = lane.again = false;
    }
    this.tries = 0;
    this.changed(false);
    this.want(this.wanted, this.range);
  }

  /** The server answers, or may do so: lanes that were lost are asked for again. What is told of them stays until then. */
  reachable(): void {
    clearTimeout(this.later);
    this.later = undefined;
    let some = false;
    for (const lane of this.lanes.values()) if (lane.lost && !lane.again) some = lane.again = true;
    if (some) this.want(this.wanted, this.range);
  }

  /** Why something of what is wanted is not there; empty where nothing failed. */
  get failure(): string {
    for (const want of this.wanted) {
      const error = this.entry(want.cluster, want.uid)?.error;
      if (error) return error;
    }
    return '';
  }

  clear(): void {
    for (const batch of this.flying) batch.abort.abort();
    this.flying.clear();
    this.flyingTiles.clear();
    this.lanes.clear();
    this.weight = 0;
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.later);
    this.clear();
  }

  /** Marks a tile as drawn. */
  private touch(tile: Tile): LaneData {
    tile.used = this.clock;
    return tile.data;
  }

  /**
   * Calls draw with what there is of one tile's time, in order: the tile itself, else the coarser one that holds it, else finer ones. Gives whether it is
   * all there at its own level (2), in some other (1), or nothing is (0). missing is called for each part of it that nothing is there of.
   */
  each(lane: LaneEntry, level: number, index: number, draw: (data: LaneData, window: Window) => void, missing?: (window: Window) => void): 0 | 1 | 2 {
    const own = lane.tiles.get(tileKey(level, index));
    if (own) {
      draw(this.touch(own), own.data);
      return 2;
    }
    const window = tileWindow(level, index);
    for (let up = 1; level + up <= lastLevel; up++) {
      const tile = lane.tiles.get(tileKey(level + up, above(index, up)));
      if (!tile) continue;
      draw(this.touch(tile), window);
      return tile.data.quiet ? 2 : 1;
    }
    const found = this.eachFiner(lane, level, index, 3, draw, missing);
    if (!found) missing?.(window);
    return found ? 1 : 0;
  }

  /** Draws finer tiles; what of the time is missing is told only where something is found. */
  private eachFiner(lane: LaneEntry, level: number, index: number, depth: number, draw: (data: LaneData, window: Window) => void, missing?: (window: Window) => void): boolean {
    if (depth === 0 || level === 0) return false;
    const [left, right] = [index * 2, index * 2 + 1];
    const one = (child: number) => {
      const tile = lane.tiles.get(tileKey(level - 1, child));
      if (tile) draw(this.touch(tile), tile.data);
      return tile !== undefined || this.eachFiner(lane, level - 1, child, depth - 1, draw, missing);
    };
    const first = one(left);
    const second = one(right);
    if (first !== second) missing?.(tileWindow(level - 1, first ? right : left));
    return first || second;
  }

  /** Whether a tile need not be asked for. */
  private has(want: Wanted, level: number, index: number): boolean {
    const lane = this.entry(want.cluster, want.uid);
    if (!lane) return false;
    if (lane.error && !lane.again) return true;
    const own = lane.tiles.get(tileKey(level, index));
    if (own) return own.generation === this.generation && (own.derived || !want.derived);
    for (let up = 1; level + up <= lastLevel; up++) {
      const tile = lane.tiles.get(tileKey(level + up, above(index, up)));
      if (tile?.data.quiet && tile.generation === this.generation && (tile.derived || !want.derived)) return true;
    }
    return false;
  }

  private ask(): void {
    this.timer = undefined;
    const { level, first, last } = this.range;
    this.cancelUnwanted();
    for (let index = first; index <= last; index++) {
      const missing = this.wanted.filter((w) => !this.has(w, level, index) && !this.flyingTiles.has(flyingKey(w, level, index)));
      for (const group of groups(missing)) {
        if (this.flying.size >= maxFlying) return;
        this.send(group, level, index);
      }
    }
    this.evict();
    this.asked();
  }

  private cancelUnwanted(): void {
    const uids = new Set(this.wanted.map((w) => laneKey(w.cluster, w.uid)));
    for (const batch of this.flying) {
      const inTime = batch.level === this.range.level && batch.index >= this.range.first && batch.index <= this.range.last;
      if (inTime && batch.ask.uids.some((uid) => uids.has(laneKey(batch.ask.cluster, uid)))) continue;
      batch.abort.abort();
      this.landed(batch);
    }
  }

  private send(group: readonly Wanted[], level: number, index: number): void {
    const [one] = group;
    if (!one) return;
    const ask: LaneAsk = { cluster: one.cluster, uids: group.map((w) => w.uid), window: tileWindow(level, index), bins: tileBins, derived: one.derived, reads: this.reads };
    const batch: Batch = { ask, level, index, generation: this.generation, abort: new AbortController() };
    this.flying.add(batch);
    for (const w of group) this.flyingTiles.set(flyingKey(w, level, index), batch);
    this.asked();
    this.load(ask, batch.abort.signal).then(
      (lanes) => this.arrived(batch, lanes),
      (error: unknown) => this.failed(batch, error),
    );
  }

  private landed(batch: Batch): void {
    this.flying.delete(batch);
    for (const [key, flying] of this.flyingTiles) if (flying === batch) this.flyingTiles.delete(key);
  }

  private arrived(batch: Batch, lanes: Lanes): void {
    if (!this.flying.has(batch)) return;
    this.landed(batch);
    let reshaped = false;
    for (const lane of lanes.lanes) {
      const entry = this.entryFor(batch.ask.cluster, lane.uid);
      entry.error = lane.error ?? '';
      entry.lost = entry.again = false;
      if (lane.error) continue;
      const data = laneData(batch.ask.derived ? { ...lane, derived: lane.derived ?? [] } : lane, batch.ask.window, binOf(batch.level));
      const key = tileKey(batch.level, batch.index);
      this.weight += data.weight - (entry.tiles.get(key)?.data.weight ?? 0);
      entry.tiles.set(key, { data, level: batch.level, index: batch.index, generation: batch.generation, derived: batch.ask.derived, used: this.clock });
      if (batch.ask.derived) reshaped = reshape(entry, lane.derived ?? []) || reshaped;
    }
    this.tries = 0;
    this.reachable();
    this.changed(reshaped);
    this.want(this.wanted, this.range);
  }

  private failed(batch: Batch, error: unknown): void {
    if (!this.flying.has(batch)) return;
    this.landed(batch);
    const told = error instanceof Error ? error.message : String(error);
    const lost = isPassing(error);
    for (const uid of batch.ask.uids) {
      const entry = this.entryFor(batch.ask.cluster, uid);
      entry.error = told || 'no answer';
      entry.lost = lost;
      entry.again = false;
    }
    if (lost) this.later ??= setTimeout(() => this.reachable(), this.pauses[Math.min(this.tries++, this.pauses.length - 1)]);
    this.changed(false);
  }

  private entryFor(cluster: string, uid: string): LaneEntry {
    const key = laneKey(cluster, uid);
    const known = this.lanes.get(key);
    if (known) return known;
    const entry: LaneEntry = { cluster, uid, tiles: new Map(), shapes: [], derived: false, error: '' };
    this.lanes.set(key, entry);
    return entry;
  }

  private evict(): void {
    if (this.weight <= this.maxWeight) return;
    const all: [LaneEntry, number, Tile][] = [];
    for (const lane of this.lanes.values()) for (const [key, tile] of lane.tiles) all.push([lane, key, tile]);
    // Of those drawn equally long ago the finest go first: coarse ones stand in for many.
    all.sort((a, b) => a[2].used - b[2].used || a[2].level - b[2].level);
    for (const [lane, key, tile] of all) {
      if (this.weight <= this.maxWeight * 0.8) break;
      lane.tiles.delete(key);
      this.weight -= tile.data.weight;
    }
  }
}

export function laneKey(cluster: string, uid: string): string {
  return `${cluster}\n${uid}`;
}

/** Whether the same question may be answered later: the server is not there, or has too much to do. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
}

function flyingKey(want: Wanted, level: number, index: number): string {
  return `${laneKey(want.cluster, want.uid)}\n${level}\n${index}\n${want.derived}`;
}

/** What can be asked for together. */
function* groups(missing: readonly Wanted[]): Generator<Wanted[]> {
  const open = new Map<string, Wanted[]>();
  for (const want of missing) {
    const key = `${want.derived}\n${want.cluster}`;
    const group = open.get(key) ?? [];
    group.push(want);
    open.set(key, group);
    if (group.length < maxBatch) continue;
    yield group;
    open.delete(key);
  }
  yield* open.values();
}

/** Adds derived rows that were not known of; a row that is not in this window stays, so that rows do not jump while panning. */
function reshape(entry: LaneEntry, derived: readonly Derived[]): boolean {
  const before = entry.derived;
  entry.derived = true;
  const known = new Set(entry.shapes.map((s) => s.key));
  const added = derived.filter((d) => !known.has(derivedKey(d))).map((d) => ({ key: derivedKey(d), group: d.group, name: d.name, steps: !d.bars?.length }));
  if (added.length === 0) return !before;
  const place = (s: DerivedShape) => {
    const at = (derivedGroups as readonly string[]).indexOf(s.group);
    return at < 0 ? derivedGroups.length : at;
  };
  entry.shapes = [...entry.shapes, ...added].sort((a, b) => place(a) - place(b));
  return true;
}
