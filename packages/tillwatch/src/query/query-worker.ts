import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { QueryEngine } from './query-engine.ts';
import { packError, packInstant, packRange, type QueryRequest } from './query-message.ts';

// A query thread: answers one question after the other over its own reading connection to the store.
const port = parentPort;
invariant(port !== null, 'a query worker runs as a worker thread');
const { dataDir, retentionMs } = workerData as { dataDir: string; retentionMs: number };
const engine = new QueryEngine(await openTsdb(dataDir, { retentionMs, readOnly: true }));

port.on('message', ({ text, times, options }: QueryRequest) => {
  try {
    const { reply, transfer } =
      'timeMs' in times
        ? packInstant(engine.instant(text, times.timeMs, options))
        : packRange(engine.range(text, times.startMs, times.endMs, times.stepMs, options));
    port.postMessage(reply, transfer);
  } catch (error) {
    port.postMessage(packError(error));
  }
});
