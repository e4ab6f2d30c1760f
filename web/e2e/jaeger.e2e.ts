import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launch, settled, visit } from './browser';
import { importRecording, serve, type Served } from './kubewake';

/** Where the settings say that a Jaeger UI is; nothing answers there, and nothing is asked of it. */
const jaeger = 'http://127.0.0.1:9/jaeger';

let browser: Browser;
let wake: Served;
let folder = '';

/** Serves a recording by settings, with a browser beside it. */
async function serveBy(settings: string): Promise<void> {
  const [file, data] = [join(folder, 'kubewake.yaml'), join(folder, 'store')];
  await writeFile(file, settings);
  await importRecording(data, 'demo', 'deployment');
  [browser, wake] = await Promise.all([launch(), serve('serve', '--config', file, '--data', data)]);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubewake-ui-settings-'));
});

afterEach(async () => {
  await browser?.close();
  await wake?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a Jaeger UI that the settings name', () => {
  it('opens the trace that is shown, by an ID that kubewake answers to it', async () => {
    await serveBy(`jaeger:\n  ui: ${jaeger}/\n`);
    const v = await visit(browser, `${wake.url}/trace?cluster=demo`);
    await v.page.locator('.trace-list-table a').first().click();
    const link = v.page.getByRole('link', { name: 'Open in Jaeger' });
    await link.waitFor();
    await settled(v.page);
    const [, id = ''] = /^http:\/\/127\.0\.0\.1:9\/jaeger\/trace\/([0-9a-f]+)$/.exec((await link.getAttribute('href')) ?? '') ?? [];
    expect(id).toBe(await v.page.locator('.trace-id code').innerText());
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('rel')).toContain('noreferrer');
    const answer = await fetch(`${wake.url}/api/traces/${id}`);
    expect(answer.status).toBe(200);
    const { data } = (await answer.json()) as { data: { traceID: string; spans: unknown[] }[] };
    expect(data.map(({ traceID }) => traceID)).toEqual([id]);
    expect(data[0]?.spans.length).toBeGreaterThan(1);
    expect(v.faults).toEqual([]);
    await v.close();
  });
});

describe('an address that leads to Jaeger, where a token is wanted', () => {
  const token = '0123456789abcdef0123456789abcdef';
  const ui = createServer((request, response) => response.end(`Jaeger at ${request.url}`));
  afterAll(() => void ui.close());

  it('asks for the token, and leads on', async () => {
    await new Promise<void>((listening) => ui.listen(0, '127.0.0.1', listening));
    const { port } = ui.address() as AddressInfo;
    const tokens = join(folder, 'tokens');
    await writeFile(tokens, `${token} *\n`, { mode: 0o600 });
    await serveBy(`api:\n  tokens: ${tokens}\njaeger:\n  ui: http://127.0.0.1:${port}\n`);
    const page = await browser.newPage();
    const objects = await fetch(`${wake.url}/api/v1/objects?kind=deploy&limit=1`, { headers: { Authorization: `Bearer ${token}` } });
    const [object] = ((await objects.json()) as { objects: { namespace: string; name: string }[] }).objects;
    await page.goto(`${wake.url}/redirect?group=apps&resource=deployments&namespace=${object?.namespace}&name=${object?.name}`);
    await page.getByRole('textbox', { name: 'Token' }).fill('another');
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.getByText('The server refused the token that was given last.').waitFor();
    await page.getByRole('textbox', { name: 'Token' }).fill(token);
    await page.getByRole('button', { name: 'Use it' }).click();
    await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\/trace\/[0-9a-f]+$/);
    expect(await page.locator('body').innerText()).toMatch(/^Jaeger at \/trace\/[0-9a-f]+$/);
    await page.close();
  });
});
