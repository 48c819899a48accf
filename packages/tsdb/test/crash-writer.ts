// Runs in a process of its own: appends batches as fast as it can, several at once, while the store packs, bundles and deletes
// beside it, and prints the number of each batch that was committed, until it is killed. Every batch has samples of one target,
// a document of that target, and one for itself that the batch 40 turns later removes.
import { systemClock } from '@tillwatch/model';
import { openForWriting } from '../src/open-tsdb.ts';
import { RETENTION_MS, samplesOf, TARGETS, targetOf, timeOf } from './crash-contents.ts';

const [dir = '', first = '0'] = process.argv.slice(2);
let number = Number(first);
const clock = {
  nowMs: () => timeOf(number),
  // Maintenance that is due every few seconds is due all the time.
  sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(1, signal),
};
const store = openForWriting(dir, {
  retentionMs: RETENTION_MS,
  clock,
  packSliceMs: 1,
  bundleBytes: 300,
  fewestResting: 1,
});

async function write(one: number): Promise<void> {
  const { target, turn } = targetOf(one);
  const batch = store.batch();
  for (const [labels, value] of samplesOf(one)) {
    if (value === undefined) batch.appendStale(labels, timeOf(one));
    else batch.append(labels, timeOf(one), value);
  }
  batch.put('targets', String(target), { number: one });
  batch.put('batches', String(one), { text: 'x'.repeat(one % 200) });
  if (turn >= 40) batch.remove('batches', String(one - 40 * TARGETS));
  await batch.commit();
  process.stdout.write(`${one}\n`);
}

for (;;) {
  const together = 1 + (number % 4);
  const from = number;
  number += together;
  await Promise.all(Array.from({ length: together }, (_, i) => write(from + i)));
}
