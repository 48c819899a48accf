import { StoreError } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import type { Answer, Question } from './question.ts';
import { UnreadableQuery } from './unreadable-query.ts';

/** A question to a query thread. */
export interface QueryRequest {
  readonly kind: 'question';
  /** Written into the thread's `CANCELED` cell by whoever no longer waits for the answer. */
  readonly id: number;
  readonly question: Question;
  readonly timeoutMs: number;
}

/** To a query thread that has begun a large answer: one more piece, please. */
export interface PieceRequest {
  readonly kind: 'next';
  /** Of the question; an answer that is over or was given up has no more pieces. */
  readonly id: number;
}

/** One more piece of a large answer, or why there is none. It may come when the answer was given up already. */
export type PieceReply =
  | { readonly kind: 'piece'; readonly id: number; readonly data: Uint8Array; readonly isLast: boolean }
  | { readonly kind: 'no-piece'; readonly id: number; readonly reason: QueryReply };

/** A query thread's answer, in what can be passed between threads. */
export type QueryReply =
  // `hasMore`: the other pieces are sent as they are asked for.
  | { readonly kind: 'answer'; readonly answer: Omit<Answer, 'rest'>; readonly hasMore?: boolean }
  | { readonly kind: 'unreadable'; readonly error: Pick<UnreadableQuery, 'message' | 'details'> }
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
  if (error instanceof UnreadableQuery) {
    const { message, details } = error;
    return { kind: 'unreadable', error: { message, details } };
  }
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
    case 'unreadable':
      throw new UnreadableQuery(reply.error.message, reply.error.details);
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
