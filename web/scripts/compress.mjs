// Leaves each built file compressed only: the binary carries it so and serves it so.
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const dist = new URL('../dist/ui/', import.meta.url).pathname;
let plain = 0;
let packed = 0;
for (const entry of await readdir(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || entry.name.endsWith('.gz')) continue;
  const file = join(entry.parentPath, entry.name);
  await pipeline(createReadStream(file), createGzip({ level: 9 }), createWriteStream(`${file}.gz`));
  plain += (await stat(file)).size;
  packed += (await stat(`${file}.gz`)).size;
  await rm(file);
}
console.log(`${(plain / 1000).toFixed(0)} kB built, ${(packed / 1000).toFixed(0)} kB compressed`);
