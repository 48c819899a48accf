// Names the broken parts of the instances in a file, one a line: `npm run bench:diagnosis -- --instances FILE --out predictions.jsonl`.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { causesOf, type Instance } from './diagnosis-instance.ts';

const WARM_UP = 10;

const { values } = parseArgs({ options: { instances: { type: 'string' }, out: { type: 'string' } } });
if (values.instances === undefined || values.out === undefined) {
  console.error('usage: npm run bench:diagnosis -- --instances FILE.jsonl[.gz] --out predictions.jsonl');
  process.exit(2);
}

const took: number[] = [];
const predictions: string[] = [];
for (const line of linesOf(values.instances)) {
  const instance = JSON.parse(line) as Instance;
  if (took.length < WARM_UP) causesOf(instance);
  const startMs = performance.now();
  const causes = causesOf(instance);
  const ms = performance.now() - startMs;
  took.push(ms);
  predictions.push(JSON.stringify({ id: instance.id, causes, ms: Number(ms.toFixed(3)) }));
}
writeFileSync(values.out, `${predictions.join('\n')}\n`);
const sorted = took.toSorted((a, b) => a - b);
const at = (share: number) => (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
const mean = took.reduce((sum, ms) => sum + ms, 0) / Math.max(1, took.length);
console.log(
  `${took.length} instances, ms each: mean ${mean.toFixed(1)}, median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}`,
);

/** Line by line out of the bytes: a file may be longer than the longest string. */
function* linesOf(path: string): Iterable<string> {
  const raw = readFileSync(path);
  const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.length : end;
    const line = bytes.toString('utf8', from, to).trim();
    if (line !== '') yield line;
    from = to + 1;
  }
}
