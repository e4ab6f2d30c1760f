import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launch, visit, type Visit } from './browser';
import { serveDemo, type Served } from './kubewake';

/** The demo that ships with the program, and a browser that looks at it. */
export interface Demo {
  /** Where it serves; once the tests run. */
  readonly url: string;
  /** Opens a page of it. */
  visit: (path: string, how?: Parameters<typeof visit>[2]) => Promise<Visit>;
}

/** Starts both before the tests of a file, or of a block, and ends them behind these. */
export function onDemo(): Demo {
  let browser: Browser | undefined;
  let wake: Served | undefined;
  beforeAll(async () => {
    // Each is known as soon as it is there: it is ended also where the other does not begin.
    await Promise.all([launch().then((made) => (browser = made)), serveDemo().then((made) => (wake = made))]);
  });
  afterAll(async () => {
    await browser?.close();
    await wake?.stop();
  });
  const running = () => {
    if (!browser || !wake) throw new Error('the demo does not run yet');
    return { browser, wake };
  };
  return {
    get url() {
      return running().wake.url;
    },
    visit: (path, how) => visit(running().browser, running().wake.url + path, how),
  };
}
