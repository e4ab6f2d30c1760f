/** Moves a timeline over a synthetic cluster and measures every frame; scripts/bench-ui.mjs runs it. Not part of what is built. */
import '../../theme/tokens.css';
import '../../theme/base.css';
import { zoomedAt, pannedBy } from '../../time/scale';
import { mountTimeline, plainRows, type Timeline } from '../timeline';
import { synthetic } from './synthetic';

export interface Result {
  name: string;
  frames: number;
  p50: number;
  p95: number;
  max: number;
  scriptP95: number;
}

type Move = (timeline: Timeline, frame: number) => void;

const moves: [string, number, Move][] = [
  ['pan', 240, (t, n) => t.go(pannedBy(t.scene.scale, n % 120 < 60 ? 14 : -14), { settled: false })],
  ['zoom in and out', 240, (t, n) => t.go(zoomedAt(t.scene.scale, 500, n % 120 < 60 ? 1.12 : 1 / 1.12), { settled: false })],
  ['pan close up', 240, (t, n) => t.go(pannedBy(t.scene.scale, n % 120 < 60 ? 14 : -14), { settled: false })],
  ['scroll', 240, (t, n) => void (t.scroller.scrollTop += n % 120 < 90 ? 40 : -40)],
  ['scroll fast', 240, (t) => void (t.scroller.scrollTop += 900)],
  ['hover', 240, (t, n) => {
    const box = t.host.getBoundingClientRect();
    t.host.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + 350 + (n * 7) % 900, clientY: box.top + 120 + (n * 3) % 600, pointerType: 'mouse' }));
  }],
];

/** Milliseconds from the beginning of each frame's callbacks until it is drawn: script, style, layout and paint of the main thread. */
async function measure(timeline: Timeline, name: string, frames: number, move: Move): Promise<Result> {
  const whole: number[] = [];
  const script: number[] = [];
  const channel = new MessageChannel();
  let begun = 0;
  performance.mark(`bench:${name}`);
  channel.port1.onmessage = () => {
    whole.push(performance.now() - begun);
    script.push(timeline.lastFrame);
  };
  await new Promise<void>((resolve) => {
    let n = 0;
    const frame = () => {
      begun = performance.now();
      channel.port2.postMessage(0);
      if (n++ > frames) {
        resolve();
        return;
      }
      // Registered before the timeline's own callback, so that the next frame's measure begins before it draws.
      requestAnimationFrame(frame);
      move(timeline, n);
    };
    requestAnimationFrame(frame);
  });
  performance.mark('bench:end');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const sorted = whole.slice(5).sort((a, b) => a - b);
  const scripts = script.slice(5).sort((a, b) => a - b);
  const at = (list: number[], share: number) => Math.round((list[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0) * 100) / 100;
  return { name, frames: sorted.length, p50: at(sorted, 0.5), p95: at(sorted, 0.95), max: at(sorted, 1), scriptP95: at(scripts, 0.95) };
}

async function run(): Promise<Result[]> {
  const words = new URLSearchParams(location.search);
  const data = synthetic(Number(words.get('rows') ?? 10_000), Number(words.get('records') ?? 1_000_000));
  const host = document.getElementById('host');
  if (!host) return [];
  const timeline = mountTimeline(host, {
    load: async (ask) => {
      await new Promise((resolve) => setTimeout(resolve, 15));
      // As it would come over the wire.
      return JSON.parse(JSON.stringify(data.lanes(ask))) as ReturnType<typeof data.lanes>;
    },
    href: () => '#',
    on: { window: () => undefined, cursor: () => undefined, select: () => undefined, enter: () => undefined, follow: () => undefined, toggle: () => undefined, menu: () => undefined },
  });
  const whole = { from: data.from, to: data.to };
  timeline.setRecorded(whole, whole, undefined);
  timeline.setWindow(whole);
  timeline.setRows(data.rows, plainRows);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const results: Result[] = [];
  if (words.has('stop')) return results;
  for (const [name, frames, move] of moves) results.push(await measure(timeline, name, frames, move));
  document.title = 'done';
  return results;
}

declare global {
  interface Window {
    benchResults?: Promise<Result[]>;
  }
}

window.benchResults = run();
