// Measures the timeline's frames in the system's Chromium, headless: over a synthetic cluster, and over a running kubewake where one is given.
//
//   node scripts/bench-ui.mjs [URL]
//
// It prints, and fails only where the browser does: times differ from machine to machine.
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const bar = { p95: 10, heap: 300 };
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--js-flags=--expose-gc', '--enable-precise-memory-info'];

function report(title, results, cpu, heap) {
  console.log(`\n${title}`);
  console.log('  milliseconds of a frame\'s script, style, layout and paint; those of the processor do not count what other programs took');
  console.log('  movement             frames      p50     p95     max    processor p50     p95');
  for (const r of results) {
    const cells = [r.frames, r.p50, r.p95, r.max].map((n) => String(n).padStart(7)).join(' ');
    const c = cpu.get(r.name) ?? { p50: NaN, p95: NaN };
    console.log(`  ${r.name.padEnd(18)} ${cells} ${c.p50.toFixed(1).padStart(15)} ${c.p95.toFixed(1).padStart(7)}   ${c.p95 < bar.p95 ? 'below' : 'ABOVE'} the bar of ${bar.p95} ms`);
  }
  console.log(`  heap ${heap.used.toFixed(0)} MB after collection, ${heap.peak.toFixed(0)} MB at most   ${heap.peak < bar.heap ? 'below' : 'ABOVE'} the bar of ${bar.heap} MB`);
}

/** Processor time of the main thread's tasks that drew a frame, by the movement that they were in, from the browser's trace. */
function processorTimes(events) {
  const main = events.find((e) => e.name === 'FireAnimationFrame')?.tid;
  const tasks = events.filter((e) => e.tid === main && e.name === 'RunTask' && e.tdur !== undefined);
  const frames = events.filter((e) => e.tid === main && e.name === 'FireAnimationFrame').sort((a, b) => a.ts - b.ts);
  const marks = events.filter((e) => e.cat?.includes('blink.user_timing') && e.name.startsWith('bench:')).sort((a, b) => a.ts - b.ts);
  const found = new Map();
  for (const task of tasks) {
    if (!frames.some((f) => f.ts >= task.ts && f.ts <= task.ts + task.dur)) continue;
    const mark = marks.findLast((m) => m.ts <= task.ts);
    const name = mark?.name.slice('bench:'.length);
    if (!name || name === 'end') continue;
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(task.tdur / 1000);
  }
  const times = new Map();
  for (const [name, list] of found) {
    list.sort((a, b) => a - b);
    times.set(name, { p50: list[Math.floor(list.length * 0.5)], p95: list[Math.min(list.length - 1, Math.floor(list.length * 0.95))] });
  }
  return times;
}

/** Watches the heap while something runs, in MB. */
async function watched(page, work) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const used = async () => (await session.send('Performance.getMetrics')).metrics.find((m) => m.name === 'JSHeapUsedSize').value / 1e6;
  let peak = 0;
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'blink.user_timing'] } });
  const timer = setInterval(() => used().then((n) => (peak = Math.max(peak, n)), () => undefined), 300);
  const results = await work();
  clearInterval(timer);
  const traced = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await traced;
  await session.send('HeapProfiler.collectGarbage');
  return { results, cpu: processorTimes(events), heap: { used: await used(), peak } };
}

async function syntheticRun(browser) {
  const server = await createServer({ server: { port: 0, host: '127.0.0.1', hmr: false, watch: null }, logLevel: 'error', appType: 'mpa' });
  await server.listen();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => console.error(error));
  const { results, cpu, heap } = await watched(page, async () => {
    await page.goto(`${server.resolvedUrls.local[0]}bench/`);
    await page.waitForFunction(() => window.benchResults !== undefined);
    return page.evaluate(() => window.benchResults);
  });
  report('synthetic: 10,000 rows, 1,000,000 records, 1440 by 900', results, cpu, heap);
  await page.close();
  await server.close();
}

/** Runs in the page: measures each frame from its first callback until it is drawn. */
function watchFrames() {
  const channel = new MessageChannel();
  let begun = 0;
  window.frames_ = [];
  channel.port1.onmessage = () => window.frames_.push(performance.now() - begun);
  const frame = () => {
    begun = performance.now();
    channel.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

async function realRun(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const { results, cpu, heap } = await watched(page, async () => {
    const begun = Date.now();
    await page.goto(new URL('/timeline', url).href);
    await page.waitForSelector('.timeline-row', { timeout: 60_000 });
    console.log(`\nfirst rows after ${Date.now() - begun} ms`);
    await page.waitForTimeout(3000);
    await page.evaluate(watchFrames);
    const results = [];
    for (const [name, move] of realMoves(page)) {
      await page.evaluate((words) => {
        performance.mark(`bench:${words}`);
        window.frames_.length = 0;
      }, name);
      await move();
      await page.waitForTimeout(300);
      const times = (await page.evaluate(() => window.frames_)).sort((a, b) => a - b);
      const at = (share) => Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 100) / 100;
      await page.evaluate(() => performance.mark('bench:end'));
      results.push({ name, frames: times.length, p50: at(0.5), p95: at(0.95), max: at(1) });
    }
    return results;
  });
  report(`${url}: real records, 1440 by 900`, results, cpu, heap);
  await page.close();
}

/** Movements made with the wheel and the pointer, as a hand makes them. */
function realMoves(page) {
  const wheel = async (n, dx, dy) => {
    for (let i = 0; i < n; i++) await page.mouse.wheel(dx, dy);
  };
  return [
    ['zoom in', async () => {
      await page.mouse.move(900, 500);
      await page.keyboard.down('Control');
      await wheel(60, 0, -60);
      await page.keyboard.up('Control');
    }],
    ['pan', async () => {
      await wheel(60, 30, 0);
      await wheel(60, -30, 0);
    }],
    ['zoom out', async () => {
      await page.keyboard.down('Control');
      await wheel(60, 0, 60);
      await page.keyboard.up('Control');
    }],
    ['scroll', () => wheel(100, 0, 120)],
    ['hover', async () => {
      for (let i = 0; i < 100; i++) await page.mouse.move(400 + i * 8, 300 + (i % 20) * 20);
    }],
  ];
}

const browser = await chromium.launch({ executablePath, args });
try {
  await syntheticRun(browser);
  if (process.argv[2]) await realRun(browser, process.argv[2]);
} finally {
  await browser.close();
}
