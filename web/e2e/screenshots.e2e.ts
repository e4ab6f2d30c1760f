import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { settled } from './browser';
import { onDemo } from './demo';
import { looks } from './pages';

/** Where the pictures go; make screenshots sets it. */
const folder = process.env['SCREENSHOTS'];

describe.skipIf(!folder)('pictures', () => {
  const demo = onDemo();

  beforeAll(async () => void (await mkdir(folder ?? '', { recursive: true })));

  describe.each(['light', 'dark'] as const)('%s', (theme) => {
    it.each(looks)('of $name', async ({ name, path, shows }) => {
      const v = await demo.visit(path, { theme, zone: 'UTC' });
      await v.page.getByText(shows).first().waitFor();
      await settled(v.page);
      await v.page.screenshot({ path: join(folder ?? '', `${name}-${theme}.png`) });
      expect(v.faults).toEqual([]);
      await v.close();
    });
  });

  it.each(['light', 'dark'] as const)('of the incident, %s', async (theme) => {
    const v = await demo.visit('', { theme, zone: 'UTC' });
    await v.page.getByRole('region', { name: /failing or stuck/i }).getByRole('link', { name: /web/ }).first().click();
    await v.page.getByRole('complementary').getByText('web:v3-bad').first().waitFor();
    await settled(v.page);
    await v.page.screenshot({ path: join(folder ?? '', `incident-${theme}.png`) });
    expect(v.faults).toEqual([]);
    await v.close();
  });

  it('of the overview on a small screen', async () => {
    const v = await demo.visit('', { width: 1024, height: 700, zone: 'UTC' });
    await v.page.getByText('ImagePullBackOff').first().waitFor();
    await settled(v.page);
    const overflow = await v.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await v.page.screenshot({ path: join(folder ?? '', 'overview-small.png') });
    await v.close();
  });
});
