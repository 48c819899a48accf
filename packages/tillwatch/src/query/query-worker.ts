import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { answerQuestion } from './answer-question.ts';
import { warningOfDamage } from './damage.ts';
import { QueryEngine } from './query-engine.ts';
import {
  type PieceReply,
  type PieceRequest,
  packError,
  type QueryReply,
  type QueryRequest,
  type QueryWorkerData,
} from './query-message.ts';

// A query thread: answers one question after the other over its own reading connection to the store, down to the bytes that
// are sent, so that the main thread has nothing to do with the size of an answer.
const port = parentPort;
invariant(port !== null, 'a query worker runs as a worker thread');
const { dataDir, retentionMs, canceled } = workerData as QueryWorkerData;
const canceledId = new Int32Array(canceled);
const tsdb = await openTsdb(dataDir, { retentionMs, readOnly: true });
const engine = new QueryEngine(tsdb);

/** The answer that was begun last and is not over: its pieces are written when they are asked for. */
let begun: { readonly id: number; readonly pieces: Iterator<Uint8Array> } | undefined;

port.on('message', (message: QueryRequest | PieceRequest) => {
  if (message.kind === 'next') sendPiece(message.id);
  else answer(message);
});

function answer({ id, question, timeoutMs }: QueryRequest): void {
  begun = undefined;
  const signal = {
    get aborted() {
      return Atomics.load(canceledId, 0) === id;
    },
  };
  const asked = 'options' in question ? { ...question, options: { ...question.options, timeoutMs } } : question;
  try {
    const { rest, ...first } = warningOfDamage(tsdb, () => answerQuestion(engine, tsdb, asked, signal));
    // What this thread answers is written by this thread, one piece at a time.
    if (rest !== undefined) begun = { id, pieces: (rest as Iterable<Uint8Array>)[Symbol.iterator]() };
    send({ kind: 'answer', answer: first, hasMore: rest !== undefined }, first.data);
  } catch (error) {
    send(packError(error));
  }
}

function sendPiece(id: number): void {
  if (begun?.id !== id || Atomics.load(canceledId, 0) === id) return;
  try {
    const { value, done } = begun.pieces.next();
    if (done === true) begun = undefined;
    const data = done === true ? new Uint8Array() : value;
    send({ kind: 'piece', id, data, isLast: done === true }, data);
  } catch (error) {
    begun = undefined;
    send({ kind: 'no-piece', id, reason: packError(error) });
  }
}

function send(reply: QueryReply | PieceReply, data?: Uint8Array): void {
  port?.postMessage(reply, data === undefined ? [] : [data.buffer as ArrayBuffer]);
}
