import type { Querier } from '@tillwatch/model';
import { matrixOf, type QueryData, vectorOf } from '../prometheus-api/prometheus-api.ts';
import type { Queries } from './queries.ts';
import { type Question, wholeData } from './question.ts';

const WHO = 'the embedded engine';

/** Asks where the questions of the API are answered: for what looks through weeks and may not be in the way of rules and messages. */
export function workerQuerier(queries: Queries): Querier {
  const ask = async (question: Question): Promise<QueryData> => {
    const data = await wholeData(await queries.answer(question));
    return JSON.parse(new TextDecoder().decode(data)) as QueryData;
  };
  const shared = { options: {}, limit: 0 } as const;
  return {
    async instant(text, timeMs) {
      return vectorOf(WHO, await ask({ kind: 'instant', text, timeMs, ...shared }));
    },
    async range(text, startMs, endMs, stepMs) {
      return matrixOf(WHO, await ask({ kind: 'range', text, startMs, endMs, stepMs, ...shared }));
    },
  };
}
