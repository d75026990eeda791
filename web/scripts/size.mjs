// Prints what a listener downloads, compressed, and fails when it is more than the budget.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const BUDGET = 160 * 1024;
const site = fileURLToPath(new URL('../../src/hustings/edge/site/', import.meta.url));
const manifest = JSON.parse(readFileSync(`${site}.vite/manifest.json`, 'utf8'));

function reach(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  const entry = manifest[key];
  for (const next of [...(entry.imports ?? []), ...(entry.dynamicImports ?? [])]) reach(next, seen);
  return seen;
}

function files(html) {
  const found = new Set([html]);
  for (const key of reach(html)) {
    const entry = manifest[key];
    found.add(entry.file);
    for (const extra of [...(entry.css ?? []), ...(entry.assets ?? [])]) found.add(extra);
  }
  return [...found];
}

const compressed = (file) => gzipSync(readFileSync(site + file), { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`.padStart(10);

let failed = false;
for (const html of ['listen.html', 'app.html']) {
  const sizes = files(html).map((file) => [file, compressed(file)]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  for (const [file, size] of sizes) console.log(`${kilobytes(size)}  ${file}`);
  console.log(`${kilobytes(total)}  ${html} in all, gzip\n`);
  if (html === 'listen.html' && total > BUDGET) failed = true;
}
if (failed) {
  console.error(`The listener page is larger than its budget of ${BUDGET / 1024} KB.`);
  process.exit(1);
}
