import type { Queries } from './queries.ts';
import type { Answer } from './question.ts';

/** What can say how many damaged chunks it had to leave out of answers so far; the embedded store does. */
export interface Damageable {
  chunksLeftOut?(): number;
}

/** Adds a warning to an answer when damaged chunks had to be left out of it: the rest is right, and better than nothing. */
export function warningOfDamage(store: Damageable, answer: () => Answer): Answer {
  const before = store.chunksLeftOut?.() ?? 0;
  const found = answer();
  const count = (store.chunksLeftOut?.() ?? 0) - before;
  if (count === 0) return found;
  const warning = `damaged parts of the store were left out (${count} ${count === 1 ? 'chunk' : 'chunks'}): samples may be missing`;
  return { ...found, warnings: [...found.warnings, warning], chunksLeftOut: count };
}

/** Queries that count the damaged chunks that were left out of their answers. */
export interface CountedQueries extends Queries {
  chunksLeftOut(): number;
}

/** Counts what `queries` left out, in whichever thread that was. */
export function countDamage(queries: Queries): CountedQueries {
  let leftOut = 0;
  return {
    async answer(question, signal) {
      const answer = await queries.answer(question, signal);
      leftOut += answer.chunksLeftOut ?? 0;
      return answer;
    },
    close: () => queries.close(),
    chunksLeftOut: () => leftOut,
  };
}
