import { expect, it } from 'vitest';
import { expectAccessible, settled } from './browser';
import { onDemo } from './demo';

const demo = onDemo();

it('who is lost is led back', async () => {
  const v = await demo.visit('/no/such/page');
  await v.page.getByText('There is no such page').waitFor();
  await expectAccessible(v.page);
  await v.page.getByRole('link', { name: 'Go to the overview' }).click();
  await v.page.getByRole('region', { name: /failing or stuck/i }).waitFor();
  await settled(v.page);
  expect(new URL(v.page.url()).pathname).toBe('/');
  expect(v.faults).toEqual([`404 ${demo.url}/no/such/page`]);
  await v.close();
});
