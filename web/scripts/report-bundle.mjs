// Prints what the browser downloads, compressed, and fails when the first load outgrows its budget.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const budget = 300 * 1000;
const root = join(import.meta.dirname, '../../src/anomaly_detection/presentation/web/static');
const html = readFileSync(join(root, 'index.html'), 'utf8');
const files = readdirSync(join(root, 'assets')).filter((name) => /\.(js|css)$/.test(name));
const rows = files.map((name) => {
  const bytes = readFileSync(join(root, 'assets', name));
  return { name, raw: bytes.length, gzip: gzipSync(bytes).length, first: html.includes(name) };
});
rows.sort((a, b) => Number(b.first) - Number(a.first) || b.gzip - a.gzip);
for (const row of rows) {
  const load = row.first ? 'first load' : 'on demand';
  console.log(`${row.name.padEnd(44)} ${(row.raw / 1000).toFixed(1).padStart(8)} kB ${(row.gzip / 1000).toFixed(1).padStart(8)} kB gzip  ${load}`);
}
const first = rows.filter((row) => row.first).reduce((sum, row) => sum + row.gzip, 0);
console.log(`first load: ${(first / 1000).toFixed(1)} kB gzip (budget ${budget / 1000} kB)`);
if (first > budget) process.exit(1);
