import { StoreError } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import type { Answer, Question } from './question.ts';

/** A question to a query thread. */
export interface QueryRequest {
  /** Written into the thread's `CANCELED` cell by whoever no longer waits for the answer. */
  readonly id: number;
  readonly question: Question;
  readonly timeoutMs: number;
}

/** A query thread's answer, in what can be passed between threads. */
export type QueryReply =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'query-error'; readonly error: Pick<QueryError, 'kind' | 'message' | 'problems'> }
  | { readonly kind: 'store-error'; readonly error: Pick<StoreError, 'reason' | 'message'> }
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string };

/** What a thread starts with. */
export interface QueryWorkerData {
  readonly dataDir: string;
  readonly retentionMs: number;
  /** Shared memory of one `Int32`: the id of the request that was canceled last. */
  readonly canceled: SharedArrayBuffer;
}

/** Packs why there is no answer. */
export function packError(error: unknown): QueryReply {
  if (error instanceof QueryError) {
    const { kind, message, problems } = error;
    return { kind: 'query-error', error: { kind, message, problems } };
  }
  if (error instanceof StoreError) {
    return { kind: 'store-error', error: { reason: error.reason, message: error.message } };
  }
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'bug', message, stack };
}

/** The answer. @throws {QueryError} {StoreError} what the query ended with */
export function unpack(reply: QueryReply): Answer {
  switch (reply.kind) {
    case 'answer':
      return reply.answer;
    case 'query-error': {
      const { kind, message, problems } = reply.error;
      throw new QueryError(kind, message, problems[0]?.at, problems[0]?.hint);
    }
    case 'store-error':
      throw new StoreError(reply.error.reason, reply.error.message);
    case 'bug':
      throw Object.assign(new Error(reply.message), { stack: reply.stack });
  }
}
