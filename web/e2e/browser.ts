import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Debian's Chromium, headless. It asks nobody but the server under test. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/** A page that remembers what went wrong in it. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors of scripts and the console, failures of the server, and files that are not there. */
  faults: string[];
  close: () => Promise<void>;
}

export async function visit(browser: Browser, url: string, how: { theme?: 'light' | 'dark'; width?: number; height?: number; zone?: string } = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: how.width ?? 1440, height: how.height ?? 900 },
    colorScheme: how.theme ?? 'light',
    reducedMotion: 'reduce',
    timezoneId: how.zone ?? 'Europe/Berlin',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const answer = message.text().startsWith('Failed to load resource'); // told below where it is a fault
    if (message.type() === 'error' && !answer) faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('response', (response) => {
    const expected = response.status() < 400 || (response.status() < 500 && response.url().includes('/api/v1/'));
    if (!expected) faults.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(url);
  return { page, context, faults, close: () => context.close() };
}

/** Waits until the page asks nothing any more and shows no skeleton. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'), undefined, { timeout: 30_000 });
  await page.waitForTimeout(300);
}

interface Violation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** Fails on what axe-core calls serious or critical of WCAG 2.1 A and AA. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run: (root: Document, options: unknown) => Promise<{ violations: Violation[] }> } }).axe.run;
    const result = await run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
    return result.violations;
  });
  const told = violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 5).map((n) => `   ${n.target.join(' ')} ${n.failureSummary?.split('\n').slice(1).join(' ') ?? ''}`).join('\n')}`);
  expect(told.join('\n')).toBe('');
}
