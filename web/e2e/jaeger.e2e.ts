import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, settled, visit } from './browser';
import { importRecording, serve, type Served } from './kubewake';

/** Where the settings say that a Jaeger UI is; nothing answers there, and nothing is asked of it. */
const jaeger = 'http://127.0.0.1:9/jaeger';

describe('a Jaeger UI that the settings name', () => {
  let browser: Browser;
  let wake: Served;
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubewake-ui-settings-'));
    const settings = join(folder, 'kubewake.yaml');
    await writeFile(settings, `jaeger:\n  ui: ${jaeger}/\n`);
    const data = join(folder, 'store');
    await importRecording(data, 'demo', 'deployment');
    [browser, wake] = await Promise.all([launch(), serve('serve', '--config', settings, '--data', data)]);
  });

  afterAll(async () => {
    await browser?.close();
    await wake?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('opens the trace that is shown, by an ID that kubewake answers to it', async () => {
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
