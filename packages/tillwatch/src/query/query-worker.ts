import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { answerQuestion } from './answer-question.ts';
import { QueryEngine } from './query-engine.ts';
import { packError, type QueryReply, type QueryRequest, type QueryWorkerData } from './query-message.ts';

// A query thread: answers one question after the other over its own reading connection to the store, down to the bytes that
// are sent, so that the main thread has nothing to do with the size of an answer.
const port = parentPort;
invariant(port !== null, 'a query worker runs as a worker thread');
const { dataDir, retentionMs, canceled } = workerData as QueryWorkerData;
const canceledId = new Int32Array(canceled);
const tsdb = await openTsdb(dataDir, { retentionMs, readOnly: true });
const engine = new QueryEngine(tsdb);

port.on('message', ({ id, question, timeoutMs }: QueryRequest) => {
  const signal = {
    get aborted() {
      return Atomics.load(canceledId, 0) === id;
    },
  };
  const asked = 'options' in question ? { ...question, options: { ...question.options, timeoutMs } } : question;
  try {
    const answer = answerQuestion(engine, tsdb, asked, signal);
    const reply: QueryReply = { kind: 'answer', answer };
    port.postMessage(reply, [answer.data.buffer as ArrayBuffer]);
  } catch (error) {
    port.postMessage(packError(error));
  }
});
