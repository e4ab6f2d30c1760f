import type { CDPSession, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { settled } from './browser';
import { onDemo } from './demo';

const demo = onDemo();

interface Point {
  x: number;
  y: number;
}

/** Fingers on the screen, as the browser hears them. */
class Hand {
  private readonly on = new Map<number, Point>();

  constructor(private readonly session: CDPSession, private readonly page: Page) {}

  async down(id: number, at: Point): Promise<void> {
    this.on.set(id, at);
    await this.tell('touchStart');
  }

  /** Moves fingers to where they are to be, in steps. */
  async move(to: Record<number, Point>, steps = 12): Promise<void> {
    const from = new Map(this.on);
    for (let n = 1; n <= steps; n++) {
      for (const [id, end] of Object.entries(to)) {
        const begin = from.get(Number(id)) ?? end;
        this.on.set(Number(id), { x: begin.x + ((end.x - begin.x) * n) / steps, y: begin.y + ((end.y - begin.y) * n) / steps });
      }
      await this.tell('touchMove');
    }
  }

  async up(id: number): Promise<void> {
    const lifted = [...this.on].filter(([other]) => other === id);
    this.on.delete(id);
    await this.tell('touchEnd', lifted); // of an end the fingers that are taken off are named
  }

  private async tell(type: 'touchStart' | 'touchMove' | 'touchEnd', fingers = [...this.on]): Promise<void> {
    await this.session.send('Input.dispatchTouchEvent', { type, touchPoints: fingers.map(([id, { x, y }]) => ({ id, x, y })) });
    await this.page.waitForTimeout(16);
  }
}

interface Shown {
  from: number;
  to: number;
}

/** The window of the URL, in microseconds; undefined: everything. */
function shownIn(page: Page): Shown | undefined {
  const words = new URL(page.url()).searchParams;
  const [from, to] = ['from', 'to'].map((word) => Date.parse(words.get(word) ?? '') * 1000);
  return from && to ? { from, to } : undefined;
}

const timeline = { path: '/timeline?cluster=demo&namespace=shop', box: '.timeline-base', touch: true };

/** A page on a tablet, the box of what is touched, and a hand. */
async function touched(tell: (hand: Hand, page: Page, box: Point & { width: number; height: number }) => Promise<void>, what: Partial<typeof timeline> = {}): Promise<void> {
  const { path, box, touch } = { ...timeline, ...what };
  const v = await demo.visit(path, { width: 1024, height: 768 });
  const session = await v.context.newCDPSession(v.page);
  if (touch) await session.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
  await settled(v.page);
  await tell(new Hand(session, v.page), v.page, (await v.page.locator(box).boundingBox())!);
  expect(v.faults).toEqual([]);
  await v.close();
}

/** Waits until the URL tells the window that was moved to. */
async function settledWindow(page: Page): Promise<Shown> {
  await page.waitForFunction(() => location.search.includes('from='));
  await page.waitForTimeout(400);
  return shownIn(page)!;
}

describe('fingers on the timeline', () => {
  it('drag the time, and leave no trace when they are taken off', () =>
    touched(async (hand, page, lanes) => {
      const y = lanes.y + 200;
      await hand.down(1, { x: lanes.x + 100, y });
      await hand.move({ 1: { x: lanes.x + 300, y } });
      await hand.up(1);
      const first = await settledWindow(page);
      await hand.down(1, { x: lanes.x + 300, y });
      await hand.move({ 1: { x: lanes.x + 200, y } });
      await hand.up(1);
      const second = await settledWindow(page);
      expect(second.from).toBeGreaterThan(first.from);
      expect(second.to - second.from).toBeCloseTo(first.to - first.from, -4);
      expect(await page.locator('.timeline-panning').count()).toBe(0);
    }));

  it('scroll the rows when they go up, and the time stays', () =>
    touched(async (hand, page, lanes) => {
      const x = lanes.x + 200;
      await hand.down(1, { x, y: lanes.y + 450 });
      await hand.move({ 1: { x, y: lanes.y + 150 } }, 20);
      await hand.up(1);
      await page.waitForFunction(() => (document.querySelector('.timeline-scroll')?.scrollTop ?? 0) > 100);
      expect(shownIn(page)).toBeUndefined();
    }));

  it('zoom when two of them go apart, and one of them goes on dragging', () =>
    touched(async (hand, page, lanes) => {
      const y = lanes.y + 200;
      const middle = lanes.x + lanes.width / 2;
      await hand.down(1, { x: middle - 40, y });
      await hand.down(2, { x: middle + 40, y });
      await hand.move({ 1: { x: middle - 160, y }, 2: { x: middle + 160, y } }, 20);
      const near = await settledWindow(page);
      await hand.up(2);
      await hand.move({ 1: { x: middle - 60, y } });
      await hand.up(1);
      const dragged = await settledWindow(page);
      const perPixel = (near.to - near.from) / lanes.width;
      expect(dragged.to - dragged.from).toBeCloseTo(near.to - near.from, -4);
      expect((near.from - dragged.from) / perPixel).toBeGreaterThan(80);
      // Four times as near as before.
      await page.goto(demo.url + timeline.path);
      await settled(page);
      await page.locator('.timeline-scroll').press('Shift+ArrowRight');
      const whole = await settledWindow(page);
      expect((whole.to - whole.from) / (near.to - near.from)).toBeGreaterThan(3.4);
      expect((whole.to - whole.from) / (near.to - near.from)).toBeLessThan(4.6);
    }));

  it('draw a window on the ruler, unless a second one comes to pinch', () =>
    touched(async (hand, page, lanes) => {
      const y = lanes.y + 56;
      await hand.down(1, { x: lanes.x + 100, y });
      await hand.move({ 1: { x: lanes.x + 250, y } });
      await page.locator('.timeline-brush:visible').waitFor();
      await hand.down(2, { x: lanes.x + 400, y: lanes.y + 200 });
      await page.locator('.timeline-brush:visible').waitFor({ state: 'hidden' });
      await hand.up(2);
      await hand.up(1);
      await hand.down(1, { x: lanes.x + 100, y });
      await hand.move({ 1: { x: lanes.x + 250, y } });
      await hand.up(1);
      await settledWindow(page);
      expect(await page.locator('.timeline-brush:visible').count()).toBe(0);
    }));

  it('move the window on the minimap', () =>
    touched(async (hand, page, lanes) => {
      const y = lanes.y + 20;
      await hand.down(1, { x: lanes.x + 150, y });
      await hand.move({ 1: { x: lanes.x + 350, y } });
      await hand.up(1);
      const moved = await settledWindow(page);
      // Everything was shown, and its beginning is a fourth of the picture farther by now.
      await page.goBack();
      await page.waitForFunction(() => !location.search.includes('from='));
      await page.locator('.timeline-scroll').press('s');
      const whole = await settledWindow(page);
      expect((moved.from - whole.from) / (whole.to - whole.from)).toBeGreaterThan(0.2);
    }));

  it('select what they touch', () =>
    touched(async (hand, page, lanes) => {
      const x = lanes.x + lanes.width / 2;
      await hand.down(1, { x, y: lanes.y + 130 });
      await hand.up(1);
      await page.waitForFunction(() => location.search.includes('at='));
    }));
});

/** What of its window the tree shows, as its URL tells. */
async function zoomedTo(page: Page): Promise<Shown> {
  await page.waitForFunction(() => location.search.includes('zoom='));
  const [from = '', to = ''] = (new URL(page.url()).searchParams.get('zoom') ?? '').split('~');
  return { from: Date.parse(from) * 1000, to: Date.parse(to) * 1000 };
}

describe('fingers on the tree', () => {
  it('drag the time, and mark a part of the map', () =>
    touched(async (hand, page, rows) => {
      await hand.down(1, { x: rows.x + 350, y: rows.y + 40 });
      await hand.move({ 1: { x: rows.x + 150, y: rows.y + 40 } });
      await hand.up(1);
      const dragged = await zoomedTo(page);
      const head = (await page.locator('.gantt-head-canvas').boundingBox())!;
      await page.locator('.gantt-scroll').press('0');
      await page.waitForFunction(() => !location.search.includes('zoom='));
      await hand.down(1, { x: head.x + 50, y: head.y + 20 });
      await hand.move({ 1: { x: head.x + 50 + head.width / 4, y: head.y + 20 } });
      await hand.up(1);
      const marked = await zoomedTo(page);
      expect((dragged.to - dragged.from) / (marked.to - marked.from)).toBeCloseTo(4, 0);
    }, { path: '/trace?cluster=demo&namespace=shop&object=deploy%2Fweb', box: '.gantt-canvas' }));
});

describe('a mouse on the timeline', () => {
  it('drags nothing when its button was let go elsewhere', () =>
    touched(async (_, page, lanes) => {
      const at = { x: lanes.x + 200, y: lanes.y + 200 };
      await page.mouse.move(at.x, at.y);
      await page.mouse.down();
      await page.mouse.move(5, 5);
      await page.mouse.up();
      await page.mouse.move(at.x + 40, at.y);
      await page.mouse.move(at.x + 120, at.y, { steps: 4 });
      await page.locator('.timeline-band:visible').first().waitFor(); // it hovers
      await page.waitForTimeout(400);
      expect(shownIn(page)).toBeUndefined();
    }, { touch: false }));
});
