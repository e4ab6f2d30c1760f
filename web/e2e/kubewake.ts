import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The repository. */
export const root = new URL('../..', import.meta.url).pathname;

/** The program under test: make build puts it there. */
const program = process.env['KUBEWAKE_BIN'] ?? join(root, 'bin/kubewake');

/** A kubewake that serves until it is stopped. */
export interface Served {
  url: string;
  stop: () => Promise<void>;
}

/** Starts `kubewake ARGS… --data DIR --listen 127.0.0.1:0` over a directory of its own, unless the arguments name one, and waits until it says where it serves. */
export async function serve(...args: string[]): Promise<Served> {
  const data = await mkdtemp(join(tmpdir(), 'kubewake-ui-'));
  const own = args.includes('--data') ? [] : ['--data', join(data, 'store')];
  const child = spawn(program, [...args, ...own, '--listen', '127.0.0.1:0'], { cwd: root });
  const url = await address(child);
  return {
    url,
    stop: async () => {
      await ended(child);
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** The demo that ships with the program. */
export const serveDemo = () => serve('demo');

/** Stores recordings below testdata under a cluster's name; the directory exists afterwards. */
export async function importRecording(data: string, cluster: string, ...names: string[]): Promise<void> {
  await promisify(execFile)(program, ['import', ...names.map((n) => join('testdata/recordings', n)), '--data', data, '--cluster', cluster], { cwd: root });
}

function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      const match = /serving on (http:\/\/[\w.:[\]]+)/.exec(said);
      if (match?.[1]) resolve(match[1]);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`kubewake ended with ${code}: ${said}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGINT');
  });
}
