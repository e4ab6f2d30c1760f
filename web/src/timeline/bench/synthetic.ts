/** A cluster that never was: many objects with many records, answered as the server answers, at the resolution that is asked for. */
import type { Bar, Lane, LaneBin, Lanes, Mark, Row } from '../../api/drawn';
import { hour, minute, second } from '../../time/moment';
import type { LaneAsk } from '../lanestore';

export interface Synthetic {
  rows: Row[];
  from: number;
  to: number;
  records: number;
  lanes: (ask: LaneAsk) => Lanes;
}

const states = ['progressing', 'good', 'good', 'bad', 'good', 'deleting'];
const texts = ['ContainerCreating', 'Running', '3 of 3 ready', 'CrashLoopBackOff: back-off 5m0s restarting failed container', 'Running', 'Terminating'];

/** Numbers that look random and are the same each time. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Makes rows objects with records in all, over a day: some objects have thousands of them, most have few, as in clusters. */
export function synthetic(rowCount: number, records: number): Synthetic {
  const random = generator(7);
  const from = 1_795_183_200_000_000;
  const to = from + 24 * hour;
  const rows: Row[] = [];
  const weights = Float64Array.from({ length: rowCount }, () => 0.15 + Math.pow(random(), 12) * 60);
  const sum = weights.reduce((a, b) => a + b, 0);
  const times = new Map<string, Float64Array>();
  let owner = -1;
  for (let i = 0; i < rowCount; i++) {
    const uid = `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    const deployment = i % 12 === 0;
    if (deployment) owner = i;
    const namespace = `team-${Math.floor(i / 240)}`;
    rows.push({
      cluster: 'bench', kind: deployment ? 'Deployment' : 'Pod', resource: deployment ? 'deployments' : 'pods', namespace, uid,
      name: deployment ? `service-${i / 12}` : `service-${Math.floor(i / 12)}-7d9f${(i * 7919).toString(36)}`, parent: deployment ? -1 : owner, created: from, first: from, last: to,
    });
    const n = Math.max(3, Math.round(((weights[i] ?? 0) / sum) * records));
    // Half of it evenly, half in incidents of some minutes.
    const at = Float64Array.from({ length: n }, () => (random() < 0.5 ? from + random() * (to - from) : from + (Math.floor(random() * 9) * 2.7 + 1) * hour + Math.pow(random(), 3) * 9 * minute));
    times.set(uid, at.sort());
  }
  let all = 0;
  for (const t of times.values()) all += t.length;
  return { rows, from, to, records: all, lanes: (ask) => answer(times, from, ask) };
}

function answer(times: ReadonlyMap<string, Float64Array>, begin: number, ask: LaneAsk): Lanes {
  const bin = (ask.window.to - ask.window.from) / ask.bins;
  return { from: ask.window.from, to: ask.window.to, bin, lanes: ask.uids.map((uid) => laneOf(uid, times.get(uid) ?? new Float64Array(), begin, ask, bin)) };
}

function laneOf(uid: string, times: Float64Array, begin: number, ask: LaneAsk, bin: number): Lane {
  const { from, to } = ask.window;
  const seed = Number(uid.slice(-6));
  const first = lowerBound(times, from);
  const last = lowerBound(times, to);
  const marks: Mark[] = [];
  const bins: LaneBin[] = [];
  for (let i = first; i < last; ) {
    const column = Math.floor(((times[i] ?? 0) - from) / bin);
    let next = i + 1;
    while (next < last && Math.floor(((times[next] ?? 0) - from) / bin) === column) next++;
    if (next === i + 1) marks.push(markOf(times[i] ?? 0, seed, i));
    else bins.push({ bin: column, changes: next - i, failed: i % 5 === 0 ? 1 : 0, warning: i % 7 === 0 ? 1 : 0, normal: (next - i) >> 1 });
    i = next;
  }
  const derived = ask.derived ? [{ group: 'conditions', name: 'Ready', bars: barsOf(times, begin, from, to, bin, seed + 1) }] : undefined;
  return { uid, bars: barsOf(times, begin, from, to, bin, seed), marks, bins, records: last - first, ...(derived ? { derived } : {}) };
}

/** Each fourth record begins another state. */
function barsOf(times: Float64Array, begin: number, from: number, to: number, bin: number, seed: number): Bar[] {
  const bars: Bar[] = [];
  const at = (i: number) => (i < 0 ? begin : (times[i * 4] ?? Infinity));
  let i = Math.floor(lowerBound(times, from) / 4) - 2;
  for (i = Math.max(-1, i); at(i) < to; i++) {
    const start = at(i);
    const end = at(i + 1);
    if (end <= from) continue;
    const state = (i + seed) % states.length;
    const before = bars[bars.length - 1];
    if (before?.to !== undefined && end - before.from < bin) {
      before.to = end;
      before.n = (before.n ?? 1) + 1;
      before.state = 'bad';
      continue;
    }
    bars.push({ from: start, ...(end === Infinity ? {} : { to: end }), state: states[state] ?? 'good', text: texts[state] ?? '', id: `b${seed}-${i}`, rv: String(i) });
  }
  return bars;
}

function markOf(at: number, seed: number, i: number): Mark {
  const id = `m${seed}-${i}`;
  const sort = (seed + i * 7) % 11;
  if (sort < 2) return { id, at, kind: 'event', severity: sort === 0 ? 'Warning' : 'Normal', text: 'Back-off restarting failed container', who: 'kubelet' };
  if (sort === 2) return { id, at, until: at + second / 50, kind: 'request', verb: 'update', code: 409, failed: true, who: 'system:serviceaccount:kube-system:deployment-controller', text: 'the object has been modified' };
  return { id, at, until: at + second / 100, kind: 'revision', verb: sort === 3 ? 'create' : 'patch', code: 200, who: 'system:kube-controller-manager', text: 'status.readyReplicas 2 → 3' };
}

function lowerBound(times: Float64Array, at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
