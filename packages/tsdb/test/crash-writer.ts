// Runs in a process of its own: appends batches as fast as it can and prints the number of each one that was committed,
// until it is killed. Every batch has samples of all series, and a document with its number.
import { Labels, systemClock } from '@tillwatch/model';
import { openForWriting } from '../src/open-tsdb.ts';
import { SERIES, sampleOf, TIME_STEP_MS } from './crash-contents.ts';

const [dir = '', first = '0'] = process.argv.slice(2);
const store = openForWriting(dir, { retentionMs: 1e15, clock: { ...systemClock, nowMs: () => 0 }, packSliceMs: 0 });
const series = Array.from({ length: SERIES }, (_, i) => Labels.of({ __name__: 'crash', i: String(i) }));
for (let number = Number(first); ; number++) {
  const batch = store.batch();
  series.forEach((labels, i) => {
    if (i % 7 === number % 7) batch.appendStale(labels, number * TIME_STEP_MS);
    else batch.append(labels, number * TIME_STEP_MS, sampleOf(number, i));
  });
  batch.put('crash', 'number', number);
  await batch.commit();
  process.stdout.write(`${number}\n`);
  if (number % 20 === 19) store.maintain();
}
