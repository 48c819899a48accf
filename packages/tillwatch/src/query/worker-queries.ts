import { Worker } from 'node:worker_threads';
import { type Logger, silentLogger } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import { PieceStream } from './piece-stream.ts';
import type { Queries } from './queries.ts';
import { defaultQueryLimits } from './query-engine.ts';
import {
  type PieceReply,
  type PieceRequest,
  type QueryReply,
  type QueryRequest,
  type QueryWorkerData,
  unpack,
} from './query-message.ts';
import { type Answer, type Question, timeoutOf } from './question.ts';

export interface WorkerQueriesOptions {
  /** The store; it must have been opened for writing once. */
  readonly dataDir: string;
  readonly retentionMs: number;
  readonly logger?: Logger;
  /** How many queries are evaluated at once. */
  readonly threads?: number;
  /** How many may wait beyond that; the next is refused at once. */
  readonly maxWaiting?: number;
  /** The compiled worker. */
  readonly workerFile?: URL;
  /** How long a thread whose query is out of time may take to notice that itself before it is ended. */
  readonly graceMs?: number;
}

/** The worker beside this file; it exists once the package is built. */
export const QUERY_WORKER = new URL('./query-worker.js', import.meta.url);

const NOBODY_WAITS = 'the query was canceled: nobody waits for its answer';

/** What a thread may hold on its heap: a query that needs more ends, and not the process. */
const MAX_HEAP_MB = 1_024;

/** What of it is for young objects: the default of 48 MB stays resident after the first large query. */
const YOUNG_HEAP_MB = 12;

/** One query from when it is asked until it is answered. */
interface Job {
  readonly id: number;
  readonly question: Question;
  readonly deadlineMs: number;
  /** The answer, of which there are more pieces when `stream` is there. */
  readonly settle: (reply: QueryReply, stream?: PieceStream) => void;
  readonly fail: (error: Error) => void;
  /** Stops the clock, and listening to who may cancel it. */
  readonly release: () => void;
  timer: NodeJS.Timeout | undefined;
  /** A large answer that has begun to be sent. */
  stream: PieceStream | undefined;
  /** Why its thread was asked to stop working on it. */
  ending: QueryError | undefined;
}

/** One thread, and what it works on. */
interface Thread {
  readonly worker: Worker;
  /** Shared with the thread: the id of the job that it should stop working on. */
  readonly canceled: Int32Array;
  job: Job | undefined;
}

/**
 * Answers in threads that read the store by themselves: however heavy a query is, scraping, rules and delivery go on. A
 * query's time counts from when it is asked. A thread that does not answer in time is ended and replaced.
 */
export function workerQueries(options: WorkerQueriesOptions): Queries {
  const { dataDir, retentionMs, logger = silentLogger, threads: maxThreads = 2, maxWaiting = 100 } = options;
  const { workerFile = QUERY_WORKER, graceMs = 1_000 } = options;
  const threads = new Set<Thread>();
  const waiting: Job[] = [];
  let isClosed = false;
  let lastId = 0;

  function ask(question: Question, signal: AbortSignal | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (isClosed) return reject(new QueryError('canceled', 'the query was canceled: Tillwatch stops'));
      const isBusy = threads.size >= maxThreads && [...threads].every(({ job }) => job !== undefined);
      if (isBusy && waiting.length >= maxWaiting) {
        return reject(new QueryError('timeout', `the query was refused: ${waiting.length} others wait already`));
      }
      if (signal?.aborted === true) return reject(new QueryError('canceled', NOBODY_WAITS));
      const limitMs = defaultQueryLimits.timeoutMs;
      const timeoutMs = Math.max(0, Math.min(timeoutOf(question) ?? limitMs, limitMs));
      // Never 0, which is what a thread's cell holds before anything was canceled.
      lastId = (lastId % 0x7fff_fffe) + 1;
      const onAbort = () => cancel(job);
      const end = () => {
        clearTimeout(job.timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const job: Job = {
        id: lastId,
        question,
        deadlineMs: Date.now() + timeoutMs,
        settle(reply, stream) {
          // Time and cancellation go on to count while pieces are read.
          if (stream === undefined) end();
          try {
            resolve(stream === undefined ? unpack(reply) : { ...unpack(reply), rest: stream.pieces() });
          } catch (error) {
            reject(error);
          }
        },
        fail(error) {
          end();
          if (job.stream === undefined) reject(error);
          else job.stream.fail(error);
        },
        release: end,
        timer: undefined,
        stream: undefined,
        ending: undefined,
      };
      job.timer = setTimeout(() => outOfTime(job), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.push(job);
      work();
    });
  }

  /** Gives waiting queries to idle threads, and starts threads while there are fewer than allowed. */
  function work(): void {
    while (waiting.length > 0) {
      const thread = [...threads].find(({ job }) => job === undefined) ?? startThread();
      if (thread === undefined) return;
      const job = waiting.shift()!;
      thread.job = job;
      const { id, question, deadlineMs } = job;
      const request: QueryRequest = { kind: 'question', id, question, timeoutMs: Math.max(0, deadlineMs - Date.now()) };
      thread.worker.postMessage(request);
    }
  }

  function startThread(): Thread | undefined {
    if (threads.size >= maxThreads) return undefined;
    const canceled = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const workerData: QueryWorkerData = { dataDir, retentionMs, canceled };
    const worker = new Worker(workerFile, {
      workerData,
      // What is built runs as built, whatever flags this thread runs its sources with.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
    });
    const thread: Thread = { worker, canceled: new Int32Array(canceled), job: undefined };
    threads.add(thread);
    worker.on('message', (reply: QueryReply | PieceReply) => {
      const { job } = thread;
      if (reply.kind === 'piece' || reply.kind === 'no-piece') {
        // Pieces that were under way when their answer was given up belong to nobody.
        if (job?.id === reply.id) takePiece(thread, job, reply);
      } else if (reply.kind === 'answer' && reply.hasMore === true && job !== undefined) {
        if (job.ending === undefined) {
          job.stream = streamOf(thread, job);
          job.settle(reply, job.stream);
        } else {
          failStream(thread, job, job.ending);
        }
      } else {
        thread.job = undefined;
        job?.settle(reply);
        work();
      }
    });
    worker.on('error', (error: Error & { code?: string }) => {
      logger.error('a query thread failed', { err: error.message });
      const isFull = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      dismiss(thread, isFull ? new QueryError('limit', 'the query needs more memory than one query may have') : error);
    });
    worker.on('exit', () => dismiss(thread, new Error('the query thread ended')));
    return thread;
  }

  function streamOf(thread: Thread, job: Job): PieceStream {
    const request: PieceRequest = { kind: 'next', id: job.id };
    return new PieceStream({
      pull: () => thread.worker.postMessage(request),
      cancel: () => cancel(job),
    });
  }

  function takePiece(thread: Thread, job: Job, reply: PieceReply): void {
    if (reply.kind === 'no-piece') {
      failStream(thread, job, errorOf(reply.reason));
      return;
    }
    job.stream?.push(reply.data, reply.isLast);
    if (reply.isLast) finish(thread, job);
  }

  /** The answer is over, to its last piece or not: the thread is free. */
  function finish(thread: Thread, job: Job): void {
    job.release();
    if (thread.job === job) thread.job = undefined;
    work();
  }

  function failStream(thread: Thread, job: Job, error: Error): void {
    job.fail(error);
    // Pieces that are still asked for are not written any more.
    Atomics.store(thread.canceled, 0, job.id);
    finish(thread, job);
  }

  function outOfTime(job: Job): void {
    endJob(
      job,
      new QueryError('timeout', 'query timed out in query queue'),
      new QueryError('timeout', 'query timed out in expression evaluation'),
    );
  }

  /** Nobody waits for the answer any more. */
  function cancel(job: Job): void {
    clearTimeout(job.timer);
    const error = new QueryError('canceled', NOBODY_WAITS);
    const thread = threadOf(job);
    if (thread !== undefined) Atomics.store(thread.canceled, 0, job.id);
    endJob(job, error, error);
  }

  function threadOf(job: Job): Thread | undefined {
    return [...threads].find((one) => one.job === job);
  }

  /** The evaluation looks at the time and at the canceled id by itself, between series. What does not come back is ended. */
  function endJob(job: Job, whileWaiting: QueryError, whileWorking: QueryError): void {
    const busy = threadOf(job);
    if (busy !== undefined && job.stream !== undefined) {
      failStream(busy, job, whileWorking);
      return;
    }
    const place = waiting.indexOf(job);
    if (place !== -1) {
      waiting.splice(place, 1);
      job.fail(whileWaiting);
      return;
    }
    job.ending = whileWorking;
    job.timer = setTimeout(() => {
      const thread = threadOf(job);
      if (thread === undefined) return;
      logger.warn('a query thread did not come back in time and was replaced', { query: describe(job.question) });
      dismiss(thread, whileWorking);
    }, graceMs);
  }

  /** Takes a thread out of service; the query that it worked on ends with `error`, others go to a new thread. */
  function dismiss(thread: Thread, error: Error): void {
    if (!threads.delete(thread)) return;
    const { job } = thread;
    thread.job = undefined;
    void thread.worker.terminate();
    job?.fail(error);
    if (!isClosed) work();
  }

  // One is ready before it is needed: the first question is not the slow one.
  startThread();
  return {
    answer: ask,
    async close() {
      isClosed = true;
      const canceled = new QueryError('canceled', 'the query was canceled: Tillwatch stops');
      const workers = [...threads].map(({ worker }) => worker);
      for (const job of waiting.splice(0)) job.fail(canceled);
      for (const thread of [...threads]) dismiss(thread, canceled);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function describe(question: Question): string {
  if ('text' in question) return question.text.slice(0, 200);
  return `${question.kind} ${'selectors' in question ? question.selectors.join(' ') : ''}`.trim().slice(0, 200);
}

/** What a reply that is no answer says. */
function errorOf(reply: QueryReply): Error {
  try {
    unpack(reply);
  } catch (error) {
    return error as Error;
  }
  return new Error('the query thread said that it failed, and not how');
}
