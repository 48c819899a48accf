import { expect, test } from 'vitest';
import { countDamage, warningOfDamage } from '../src/query/damage.ts';
import type { Answer, Question } from '../src/query/question.ts';

const ANSWER: Answer = { data: new Uint8Array([0x5b, 0x5d]), warnings: ['old news'], infos: [] };

/** A store that leaves out so many damaged chunks whenever it is asked. */
function damagedStore(perQuestion: number) {
  let leftOut = 7;
  return {
    store: { chunksLeftOut: () => leftOut },
    ask: () => {
      leftOut += perQuestion;
      return ANSWER;
    },
  };
}

test.for([
  ['nothing was left out', 0, ['old news']],
  ['a chunk was', 1, ['old news', 'damaged parts of the store were left out (1 chunk): samples may be missing']],
  ['several were', 3, ['old news', 'damaged parts of the store were left out (3 chunks): samples may be missing']],
] as const)('an answer says when damaged chunks are missing in it: %s', ([, count, warnings]) => {
  const { store, ask } = damagedStore(count);
  const answer = warningOfDamage(store, ask);
  expect(answer.warnings).toEqual(warnings);
  expect(answer.chunksLeftOut ?? 0).toBe(count);
  expect(answer.data).toBe(ANSWER.data);
});

test('a store that cannot tell has nothing to tell', () => {
  expect(warningOfDamage({}, () => ANSWER)).toBe(ANSWER);
});

test('what was left out is counted over all answers, whoever gave them', async () => {
  const { store, ask } = damagedStore(2);
  const counted = countDamage({ answer: async () => warningOfDamage(store, ask), close: async () => {} });
  const question: Question = { kind: 'instant', text: 'up', timeMs: 0, options: {}, limit: 0 };
  await counted.answer(question);
  await counted.answer(question);
  expect(counted.chunksLeftOut()).toBe(4);
});
