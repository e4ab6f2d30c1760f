import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, visit } from './browser';
import { serve, type Served } from './kubewake';

/** The real control plane of make cluster; make e2e-ui builds it. Without it this story is not told. */
const program = process.env['KUBEWAKE_TESTCLUSTER'];

interface Cluster {
  kubeconfig: string;
  auditLog: string;
  kubectl: (...args: string[]) => Promise<unknown>;
  stop: () => Promise<void>;
}

async function startCluster(binary: string): Promise<Cluster> {
  const dir = await mkdtemp(join(tmpdir(), 'kubewake-ui-cluster-'));
  const child: ChildProcess = spawn(binary, ['up', '-child', '-dir', dir], { stdio: ['pipe', 'pipe', 'ignore'] });
  const line = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the control plane ended with ${code}`)));
    if (child.stdout) createInterface(child.stdout).once('line', resolve);
  });
  const state = JSON.parse(line) as { kubeconfig: string; kubectl: string; apiServers: { auditLog: string }[] };
  const run = promisify(execFile);
  return {
    kubeconfig: state.kubeconfig,
    auditLog: state.apiServers[0]?.auditLog ?? '',
    kubectl: (...args) => run(state.kubectl, ['--kubeconfig', state.kubeconfig, ...args]),
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin?.end();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

describe.skipIf(!program)('a running cluster', () => {
  let browser: Browser;
  let cluster: Cluster;
  let wake: Served;

  beforeAll(async () => {
    browser = await launch();
    cluster = await startCluster(program ?? '');
    wake = await serve('serve', '--kubeconfig', cluster.kubeconfig, '--cluster', 'live', '--tail', cluster.auditLog);
  }, 300_000);

  afterAll(async () => {
    await wake?.stop();
    await cluster?.stop();
    await browser?.close();
  });

  it('shows what is made while one looks, without a reload', async () => {
    const v = await visit(browser, `${wake.url}/timeline?cluster=live&namespace=default&follow=900s`);
    await v.page.getByText('kubernetes', { exact: false }).first().waitFor();
    await cluster.kubectl('create', 'deployment', 'fresh', '--image=registry.example/fresh:v1', '--replicas=2');
    await v.page.getByText('fresh', { exact: true }).first().waitFor({ timeout: 30_000 });
    expect(v.faults).toEqual([]);
    await v.close();
  });

  it('does not move what is being read', async () => {
    const v = await visit(browser, `${wake.url}/timeline?cluster=live&namespace=default`);
    await v.page.getByText('fresh', { exact: true }).first().waitFor();
    const before = v.page.url();
    await cluster.kubectl('scale', 'deployment/fresh', '--replicas=3');
    await v.page.getByText(/\bnew\b/i).first().waitFor({ timeout: 30_000 });
    expect(v.page.url()).toBe(before);
    expect(v.faults).toEqual([]);
    await v.close();
  });
});
