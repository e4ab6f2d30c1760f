import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/client';
import type { Lane } from '../api/drawn';
import { scaleOf } from '../time/scale';
import { Assembled, AssembledDerived } from './assemble';
import { cardLines } from './card';
import { hitBars, hitLane, marksAt, nextStop } from './hit';
import { laneData, shapeOf } from './lanedata';
import { LaneStore, type LaneAsk, type LaneEntry } from './lanestore';
import { binOf, spanOf, tileKey, tilesOf, tileWindow } from './tiles';

const span = spanOf(0);
const lane = (change: Partial<Lane>): Lane => ({ uid: 'u', bars: [], marks: [], records: 0, ...change });

/** A store that holds these tiles of one lane. */
function storeWith(tiles: [number, number, Lane][]): { store: LaneStore; entry: LaneEntry } {
  const store = new LaneStore({ load: () => new Promise(() => undefined), changed: () => undefined });
  const entry: LaneEntry = { cluster: 'c', uid: 'u', tiles: new Map(), shapes: [], derived: false, error: '' };
  for (const [level, index, one] of tiles)
    entry.tiles.set(tileKey(level, index), { data: laneData(one, tileWindow(level, index), binOf(level)), level, index, generation: 1, derived: false, used: 0 });
  return { store, entry };
}

function assembled(tiles: [number, number, Lane][], level: number, first: number, last: number): Assembled {
  const { store, entry } = storeWith(tiles);
  const all = new Assembled();
  all.fill(store, entry, { level, first, last }, { from: tileWindow(level, first).from, to: tileWindow(level, last).to }, 0);
  return all;
}

const barsOf = (a: Assembled) => Array.from({ length: a.bars.count }, (_, i) => [a.bars.from[i], a.bars.to[i], a.bars.bar[i]?.state]);

describe('a lane put together', () => {
  it('knows how early a state may have begun', () => {
    const bars = [{ from: 10, to: 20, state: 'good', earlier: true }, { from: 20, to: 30, early: 15, state: 'bad' }, { from: 30, state: 'good' }];
    expect([...assembled([[0, 0, lane({ bars })]], 0, 0, 0).bars.early.slice(0, 3)]).toEqual([-Infinity, 15, 30]);
  });

  it('joins states over the edges of tiles', () => {
    const got = assembled([
      [0, 0, lane({ bars: [{ from: 10, to: span + 50, state: 'good', text: 'Running', id: 'a' }] })],
      [0, 1, lane({ bars: [{ from: 20, to: span + 50, state: 'good', text: 'Running', id: 'b' }, { from: span + 50, state: 'bad', id: 'c' }] })],
    ], 0, 0, 1);
    expect(barsOf(got)).toEqual([[10, span + 50, 'good'], [span + 50, 2 * span, 'bad']]);
    expect(got.complete).toBe(2);
  });

  it('draws coarser tiles where finer ones are not there, and finer ones where coarser are not', () => {
    const coarse = lane({ bars: [{ from: 0, state: 'good' }], marks: [{ id: 'm', at: span + 5, kind: 'request' }], records: 1 });
    const zoomedIn = assembled([[1, 0, coarse]], 0, 1, 1);
    expect(zoomedIn.complete).toBe(1);
    expect(zoomedIn.marks).toBe(1);
    const zoomedOut = assembled([[0, 1, coarse]], 1, 0, 0);
    expect(zoomedOut.complete).toBe(1);
    expect(assembled([], 0, 0, 0).complete).toBe(0);
  });

  it('tells what is not loaded yet', () => {
    expect(assembled([[0, 1, lane({})]], 0, 0, 3).missing).toEqual([{ from: 0, to: span }, { from: 2 * span, to: 4 * span }]);
    expect(assembled([], 0, 0, 1).missing).toEqual([{ from: 0, to: 2 * span }]);
    expect(assembled([[2, 0, lane({})]], 0, 0, 3).missing).toEqual([]);
    // Finer tiles of which one of four is there.
    expect(assembled([[0, 2, lane({})]], 2, 0, 0).missing).toContainEqual({ from: 0, to: 2 * span });
    expect(assembled([[0, 2, lane({})]], 2, 0, 0).missing).toContainEqual({ from: 3 * span, to: 4 * span });
  });

  it('tells derived rows that were not asked for as not loaded', () => {
    const { store, entry } = storeWith([[0, 0, lane({})], [0, 1, lane({ derived: [] })]]);
    const rows = new AssembledDerived();
    rows.fill(store, entry, 'conditions/Ready', { level: 0, first: 0, last: 2 });
    expect(rows.missing).toEqual([{ from: 0, to: span }, { from: 2 * span, to: 3 * span }]);
  });

  it('takes a quiet tile for all finer ones', () => {
    const quiet = lane({ bars: [{ from: -5, state: 'good' }] });
    expect(assembled([[3, 0, quiet]], 0, 2, 2).complete).toBe(2);
    expect(assembled([[3, 0, lane({ bars: [{ from: 7, state: 'good' }] })]], 0, 2, 2).complete).toBe(1);
  });

  it('leaves out what is not shown', () => {
    const { store, entry } = storeWith([[0, 0, lane({ marks: [{ id: 'e', at: 5, kind: 'event' }, { id: 'r', at: 6, kind: 'request', verb: 'patch' }], bins: [{ bin: 9, changes: 2, normal: 3 }], records: 7 })]]);
    const all = new Assembled();
    all.shown = { requests: true, reads: true, events: false, spans: true };
    all.fill(store, entry, { level: 0, first: 0, last: 0 }, { from: 0, to: span }, 0);
    expect(all.mark.slice(0, all.marks).map((m) => m.id)).toEqual(['r']);
    expect(all.bin[0]).toMatchObject({ changes: 2, normal: 0 });
  });
});

describe('what is hit', () => {
  const scale = scaleOf({ from: 0, to: span }, span / 2);
  const got = assembled([
    [0, 0, lane({
      bars: [{ from: 100, to: 400, state: 'good', id: 'b1' }, { from: 400, to: 402, state: 'bad', id: 'b2' }, { from: 402, state: 'good', id: 'b3' }],
      marks: [{ id: 'ok', at: 200, kind: 'request', verb: 'patch' }, { id: 'bad', at: 200, kind: 'request', verb: 'patch', failed: true }, { id: 'near', at: 208, kind: 'event' }],
      bins: [{ bin: 600, changes: 4 }],
      unknown: [{ from: 0, to: 90, reason: 'not-watched', sentence: 'why' }], records: 7,
    })],
  ], 0, 0, 0);
  const at = (time: number, y: number) => hitLane(got, scale, time / 2, y, span);

  it('is the nearest mark, what failed first', () => {
    expect(marksAt(got, scale, 100, 6).map((m) => m.id)).toEqual(['bad', 'ok', 'near']);
    expect(at(200, 5)).toMatchObject({ kind: 'marks', marks: [{ id: 'bad' }, { id: 'ok' }, { id: 'near' }] });
    expect(at(213, 5)).toMatchObject({ kind: 'marks', marks: [{ id: 'near' }, { id: 'bad' }, { id: 'ok' }].slice(0, 1) });
  });

  it('is a bar below, and beside a thin one too', () => {
    expect(at(300, 18)).toMatchObject({ kind: 'bar', bar: { id: 'b1' } });
    expect(at(401, 18)).toMatchObject({ kind: 'bar', bar: { id: 'b2' } });
    expect(hitBars(got.bars, scale, 51, span)).toMatchObject({ window: { from: 100, to: 400 } });
  });

  it.each([
    ['ends behind what is loaded', 3 * span, Infinity, { window: { from: -900, to: 3 * span }, ends: 'then' }, 'for 3.97 ms'],
    ['still holds', 0, Infinity, { window: { from: -900, to: 5 * span }, ends: 'open' }, 'still so at the end of what is recorded'],
    ['may have ended since', 0, 2 * span, { window: { from: -900, to: 2 * span }, ends: 'later' }, 'for at least 2.95 ms'],
  ] as const)('is told to its true end, where it %s', (_, to, sure, hit, words) => {
    const { store, entry } = storeWith([[0, 0, lane({ bars: [{ from: -900, to, state: 'good', id: 'b' }] })]]);
    for (const tile of entry.tiles.values()) tile.data.sure = sure;
    const all = new Assembled();
    all.fill(store, entry, { level: 0, first: 0, last: 0 }, { from: 0, to: span }, 0);
    const found = hitBars(all.bars, scale, 50, 5 * span);
    expect(found).toMatchObject(hit);
    expect(found && cardLines(found, { row: undefined, shape: undefined, zone: 'utc', perPixel: 2, cursor: undefined })[2]?.words).toContain(words);
  });

  it('is told as the later tile knows it, where a state goes on over an edge', () => {
    const joined = assembled([
      [0, 0, lane({ bars: [{ from: 10, state: 'good', id: 'b' }] })],
      [0, 1, lane({ bars: [{ from: 10, to: 2 * span + 7, state: 'good', id: 'b' }] })],
    ], 0, 0, 1);
    expect(hitBars(joined.bars, scale, 50, 5 * span)).toMatchObject({ window: { from: 10, to: 2 * span + 7 }, ends: 'then' });
  });

  it('is a column, the unknown, or nothing', () => {
    expect(at(600, 5)).toMatchObject({ kind: 'bin', bin: { changes: 4 }, window: { from: 600, to: 601 } });
    expect(at(40, 18)).toMatchObject({ kind: 'unknown', stretch: { sentence: 'why' } });
    expect(at(95, 18)).toEqual({ kind: 'nothing' });
  });

  it('is stepped through', () => {
    expect(nextStop(got, 0, '', 1)?.id).toBe('b1');
    expect(nextStop(got, 200, 'ok', 1)?.id).toBe('bad');
    expect(nextStop(got, 200, 'ok', -1)?.id).toBe('b1');
    expect(nextStop(got, 402, 'b3', 1)).toBeUndefined();
  });
});

describe('marks', () => {
  it.each([
    [{ kind: 'event', severity: 'Warning' }, 'warning'],
    [{ kind: 'revision', verb: 'create' }, 'create'],
    [{ kind: 'revision', verb: 'create', sub: 'eviction' }, 'change'],
    [{ kind: 'revision' }, 'seen'],
    [{ kind: 'request', verb: 'patch', failed: true, code: 409 }, 'failed'],
    [{ kind: 'request', verb: 'patch', noop: true }, 'noop'],
    [{ kind: 'request', verb: 'watch' }, 'read'],
    [{ kind: 'end' }, 'delete'],
    [{ kind: 'span' }, 'span'],
  ] as const)('%o is drawn as %s', (mark, shape) => {
    expect(shapeOf({ id: '', at: 0, ...mark })).toBe(shape);
  });
});

describe('the store', () => {
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const wanted = Array.from({ length: 130 }, (_, i) => ({ cluster: 'c', uid: `u${i}`, derived: false }));
  const range = tilesOf(scaleOf({ from: 0, to: 1000 }, 1000));

  it('asks in batches, once, and cancels what is no longer wanted', async () => {
    const asks: LaneAsk[] = [];
    let aborted = 0;
    const store = new LaneStore({
      pause: 1,
      changed: () => undefined,
      load: (ask, signal) => {
        asks.push(ask);
        signal.addEventListener('abort', () => aborted++);
        return new Promise(() => undefined);
      },
    });
    store.want(wanted, range);
    store.want(wanted, range);
    await pause(15);
    expect(asks.map((a) => a.uids.length).sort()).toEqual([10, 60, 60]);
    expect(asks[0]).toMatchObject({ window: tileWindow(range.level, range.first), bins: 1024 });
    store.want([{ cluster: 'c', uid: 'other', derived: false }], range);
    await pause(15);
    expect(aborted).toBe(3);
    store.close();
  });

  it('keeps what it got, asks again for what is out of date, and tells errors', async () => {
    let asked = 0;
    const store = new LaneStore({
      pause: 1,
      changed: () => undefined,
      load: (ask) => {
        asked++;
        return Promise.resolve({ ...ask.window, bin: 1, lanes: ask.uids.map((uid) => (uid === 'u1' ? lane({ uid, error: 'gone' }) : lane({ uid }))) });
      },
    });
    store.want(wanted.slice(0, 3), range);
    await pause(15);
    store.want(wanted.slice(0, 3), range);
    await pause(15);
    expect(asked).toBe(1);
    expect(store.entry('c', 'u1')?.error).toBe('gone');
    const tiles = () => [...(store.entry('c', 'u0')?.tiles.values() ?? [])].map((t) => t.data.sure);
    expect(tiles()).toEqual([Infinity]);
    const end = tileWindow(range.level, range.last).to;
    store.outdate(end);
    expect(tiles()).toEqual([end]);
    await pause(15);
    // Facts come in out of order: also a tile that ends before what was the newest may tell too little.
    expect(asked).toBe(2);
    expect(tiles()).toEqual([Infinity]);
    store.close();
  });

  it('asks again by itself for what was lost, all at once when anything is answered, and for the rest when told to', async () => {
    let down = true;
    const asks: string[][] = [];
    const store = new LaneStore({
      pause: 1,
      pauses: [20, 10_000],
      changed: () => undefined,
      load: (ask) => {
        asks.push(ask.uids);
        if (down) return Promise.reject(new ApiError(0, { detail: 'not reached' }));
        return Promise.resolve({ ...ask.window, bin: 1, lanes: ask.uids.map((uid) => lane(uid === 'u1' ? { uid, error: 'gone' } : { uid })) });
      },
    });
    store.want(wanted.slice(0, 3), range);
    await pause(12);
    expect(asks).toEqual([['u0', 'u1', 'u2']]);
    expect(store.failure).toBe('not reached');
    await pause(30);
    expect(asks.length).toBe(2);
    // The next try is far off, but something else is answered.
    down = false;
    store.want(wanted.slice(0, 4), range);
    await pause(20);
    expect(asks.slice(2)).toEqual([['u3'], ['u0', 'u1', 'u2']]);
    expect(store.failure).toBe('gone');
    store.reachable();
    await pause(12);
    expect(asks.length).toBe(4);
    store.retry();
    await pause(12);
    expect(asks[4]).toEqual(['u1']);
    store.close();
  });

  it('stays below its bound', async () => {
    const marks = Array.from({ length: 400 }, (_, i) => ({ id: String(i), at: i, kind: 'request' as const }));
    const store = new LaneStore({
      pause: 1, maxWeight: 5000, changed: () => undefined,
      load: (ask) => Promise.resolve({ ...ask.window, bin: 1, lanes: ask.uids.map((uid) => lane({ uid, marks, records: 400 })) }),
    });
    for (let i = 0; i < 12; i++) {
      store.want(wanted.slice(i * 5, i * 5 + 5), range);
      await pause(8);
    }
    await pause(10);
    expect(store.entries).toBeLessThanOrEqual(5000 + 5 * 602);
    expect(store.entry('c', 'u57')?.tiles.size).toBe(1);
    store.close();
  });
});
