// Writes the licences of everything that is shipped in the built UI: all dependencies that are not for development.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const web = new URL('..', import.meta.url).pathname;
const lock = JSON.parse(await readFile(join(web, 'package-lock.json'), 'utf8'));
const parts = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.dev) continue;
  const files = await readdir(join(web, path)).catch(() => undefined);
  if (!files) {
    if (entry.optional || entry.peer) continue;
    throw new Error(`${path} is not installed: npm ci`);
  }
  const found = files.filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).sort();
  if (!entry.license) throw new Error(`${path} tells no licence`);
  const texts = await Promise.all(found.map((name) => readFile(join(web, path, name), 'utf8')));
  parts.push(`${path.replace(/^.*node_modules\//, '')} ${entry.version}: ${entry.license}\n\n${texts.join('\n').trim()}`);
}
await writeFile(join(web, 'dist/ui/licences.txt'), parts.join(`\n\n${'='.repeat(80)}\n\n`) + '\n');
console.log(`${parts.length} licences`);
