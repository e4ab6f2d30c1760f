import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectAccessible, launch, settled, visit } from './browser';
import { serveDemo, type Served } from './kubewake';

let browser: Browser;
let wake: Served;

beforeAll(async () => {
  [browser, wake] = await Promise.all([launch(), serveDemo()]);
});

afterAll(async () => {
  await browser?.close();
  await wake?.stop();
});

it('who is lost is led back', async () => {
  const v = await visit(browser, `${wake.url}/no/such/page`);
  await v.page.getByText('There is no such page').waitFor();
  await expectAccessible(v.page);
  await v.page.getByRole('link', { name: 'Go to the overview' }).click();
  await v.page.getByRole('region', { name: /failing or stuck/i }).waitFor();
  await settled(v.page);
  expect(new URL(v.page.url()).pathname).toBe('/');
  expect(v.faults).toEqual([`404 ${wake.url}/no/such/page`]);
  await v.close();
});
