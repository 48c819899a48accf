import type { Queryable } from '@tillwatch/model';
import { answerQuestion } from './answer-question.ts';
import { type Damageable, warningOfDamage } from './damage.ts';
import type { QueryEngine } from './query-engine.ts';
import type { Answer, Question } from './question.ts';

/**
 * Answers questions somewhere: on this thread, or beside it so that nothing waits for a heavy one. Rejects with `QueryError`,
 * of kind `canceled` once `signal` is aborted.
 */
export interface Queries {
  answer(question: Question, signal?: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

/** Answers on the calling thread. */
export function inlineQueries(engine: QueryEngine, queryable: Queryable & Damageable): Queries {
  return {
    async answer(question, signal) {
      return warningOfDamage(queryable, () => answerQuestion(engine, queryable, question, signal));
    },
    async close() {},
  };
}
