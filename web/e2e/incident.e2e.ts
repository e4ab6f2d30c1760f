import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { expectAccessible, settled } from './browser';
import { onDemo } from './demo';
import { looks } from './pages';

const demo = onDemo();

/** Opens a page, lets the story be told, and holds that nothing went wrong in it. */
async function story(path: string, tell: (page: Page) => Promise<void>): Promise<void> {
  const v = await demo.visit(path);
  await tell(v.page);
  expect(v.faults).toEqual([]);
  await v.close();
}

describe('the incident', () => {
  it('is found, explained and shown from the overview in three actions', () =>
    story('/', async (page) => {
      const failing = page.getByRole('region', { name: /failing or stuck/i });
      await failing.getByText('ImagePullBackOff').waitFor();
      await failing.getByRole('link', { name: /web/ }).first().click(); // 1: what happened
      await page.waitForURL(/\/timeline\?/);
      const detail = page.getByRole('complementary');
      await detail.getByText('robots/ci').first().waitFor(); // who did it
      await detail.getByText('web:v3-bad').first().waitFor(); // what changed
      await detail.getByRole('link', { name: /diff/i }).first().click(); // 2: how it differs from the state before
      await page.waitForURL(/tab=diff/);
      await page.getByText('web:v3-bad').first().waitFor();
      await page.getByText('web:v2').first().waitFor();
    }));

  it('says on each line of a manifest who set it', () =>
    story('/object/demo/deployments.apps/shop/web?at=2026-11-21T15%3A26%3A25Z', async (page) => {
      await page.getByText('progressDeadlineSeconds').first().waitFor();
      await page.getByRole('button', { name: /as a table/i }).click();
      const line = page.getByRole('row').filter({ hasText: 'image' }).filter({ hasText: 'web:v3-bad' }).first();
      await line.waitFor();
      expect(await line.innerText()).toContain('robots/ci');
      const replicas = page.getByRole('row').filter({ hasText: 'spec.replicas' }).first();
      expect(await replicas.innerText()).toContain('bob');
    }));

  it('steps through the revisions with the keys, and goes back to what was looked at', () =>
    story('/object/demo/deployments.apps/shop/web?at=2026-11-21T15%3A26%3A25Z', async (page) => {
      await page.getByText('progressDeadlineSeconds').first().waitFor();
      await page.locator('body').press('ArrowRight');
      await page.waitForFunction(() => !location.search.includes('15%3A26%3A25Z'));
      const stepped = page.url();
      await page.getByRole('tab', { name: /diff/i }).click();
      await page.waitForURL(/tab=diff/);
      await page.goBack();
      await page.waitForFunction(() => !location.search.includes('tab=diff'));
      expect(page.url()).toBe(stepped);
      await page.goForward();
      await page.waitForURL(/tab=diff/);
    }));

  it('is the same behind a link that was sent', () =>
    story('/object/demo/deployments.apps/shop/web?at=2026-11-21T15%3A26%3A19.86Z&tab=diff', async (page) => {
      await page.getByText('web:v3-bad').first().waitFor();
      expect(await page.getByRole('tab', { selected: true }).innerText()).toMatch(/diff/i);
      const url = page.url();
      await page.reload();
      await page.getByText('web:v3-bad').first().waitFor();
      expect(page.url()).toBe(url);
    }));

  it('is reached by the keyboard alone', () =>
    story('/', async (page) => {
      await settled(page);
      await page.keyboard.press('/');
      await page.keyboard.type('deploy/web');
      await page.getByRole('option').filter({ hasText: 'shop/web' }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/object\/demo\/deployments\.apps\/shop\/web/);
      await page.getByText('progressDeadlineSeconds').first().waitFor();
      await page.locator('body').press('?');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }));

  it('is searched with CEL, and an error stands at its column', () =>
    story('/search?filter=request.code%20%3E%3D%20400', async (page) => {
      await page.getByText('mallory').first().waitFor();
      await page.goto(`${demo.url}/search?filter=request.code%20%3E%3D%3D%20400`);
      await page.getByRole('alert').filter({ hasText: /column|syntax/i }).first().waitFor();
    }));
});

describe.each(['light', 'dark'] as const)('in the %s', (theme) => {
  it.each(looks)('$name can be read by everybody', async ({ path, shows }) => {
    const v = await demo.visit(path, { theme });
    await v.page.getByText(shows, { exact: false }).first().waitFor();
    await settled(v.page);
    await expectAccessible(v.page);
    expect(v.faults).toEqual([]);
    await v.close();
  });
});
