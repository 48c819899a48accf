import { type Clock, formatProblems, unescapeName } from '@tillwatch/model';
import { parse, prettify } from '@tillwatch/promql';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readSelector } from '../query/answer-question.ts';
import type { Queries } from '../query/queries.ts';
import { MAX_STEPS } from '../query/query-engine.ts';
import type { QueryOptions, Question, TimeRange } from '../query/question.ts';
import { BadRequest, type Parameters } from './parameters.ts';
import { parametersOf, sendAnswer, sendData, sendFailure } from './reply.ts';

/** What the query part of the API needs. */
export interface QueryServices {
  readonly queries: Queries;
  readonly clock: Clock;
}

/** Times further away than any sample: where `start` and `end` are not given, everything is meant. */
const ALL_TIME: TimeRange = { fromMs: -8_640_000_000_000_000, toMs: 8_640_000_000_000_000 };

/** `/api/v1/query`, `query_range`, `format_query`, `series`, `labels` and `label/…/values`, as Prometheus answers them. */
export function registerQueryRoutes(app: FastifyInstance, { queries, clock }: QueryServices): void {
  const route = (
    url: string,
    handler: (parameters: Parameters, reply: FastifyReply, request: FastifyRequest) => unknown,
  ) => {
    app.route({
      method: ['GET', 'POST'],
      url,
      async handler(request, reply) {
        try {
          return await handler(parametersOf(request), reply, request);
        } catch (error) {
          return sendFailure(reply, error);
        }
      },
    });
  };

  /** Asks, and stops asking when the client is gone. */
  const answer = async (reply: FastifyReply, question: Question): Promise<FastifyReply> => {
    const isGone = new AbortController();
    const onClose = () => isGone.abort();
    reply.raw.once('close', onClose);
    try {
      return sendAnswer(reply, await queries.answer(question, isGone.signal));
    } finally {
      reply.raw.removeListener('close', onClose);
    }
  };

  route('/api/v1/query', (parameters, reply) => {
    const timeMs = parameters.time('time', clock.nowMs());
    const text = parameters.required('query');
    return answer(reply, {
      kind: 'instant',
      text,
      timeMs,
      options: queryOptions(parameters),
      limit: parameters.limit(),
    });
  });

  route('/api/v1/query_range', (parameters, reply) => {
    const startMs = parameters.time('start');
    const endMs = parameters.time('end');
    const stepMs = parameters.duration('step');
    if (endMs < startMs) throw new BadRequest('invalid parameter "end": end timestamp must not be before start time');
    if (stepMs <= 0) {
      throw new BadRequest(
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    if ((endMs - startMs) / stepMs > MAX_STEPS) {
      throw new BadRequest(
        `exceeded maximum resolution of ${MAX_STEPS.toLocaleString('en')} points per timeseries. Try decreasing the query resolution (?step=XX)`,
      );
    }
    const text = parameters.required('query');
    const options = queryOptions(parameters);
    return answer(reply, { kind: 'range', text, startMs, endMs, stepMs, options, limit: parameters.limit() });
  });

  route('/api/v1/format_query', (parameters, reply) => {
    const result = parse(parameters.required('query'));
    if (!result.ok) throw new BadRequest(`invalid parameter "query": ${formatProblems(result.problems)}`);
    return sendData(reply, JSON.stringify(prettify(result.expr)));
  });

  route('/api/v1/series', (parameters, reply) => {
    const selectors = seriesSelectors(parameters);
    if (selectors.length === 0) throw new BadRequest('no match[] parameter provided');
    return answer(reply, { kind: 'series', selectors, range: timeRange(parameters), limit: parameters.limit() });
  });

  route('/api/v1/labels', (parameters, reply) => {
    const selectors = seriesSelectors(parameters);
    return answer(reply, { kind: 'label-names', selectors, range: timeRange(parameters), limit: parameters.limit() });
  });

  route('/api/v1/label/:name/values', (parameters, reply, request) => {
    const name = unescapeName((request.params as { name: string }).name);
    const selectors = seriesSelectors(parameters);
    const range = timeRange(parameters);
    return answer(reply, { kind: 'label-values', name, selectors, range, limit: parameters.limit() });
  });
}

function queryOptions(parameters: Parameters): QueryOptions {
  return {
    ...(parameters.get('timeout') === '' ? {} : { timeoutMs: parameters.duration('timeout') }),
    ...(parameters.get('lookback_delta') === '' ? {} : { lookbackMs: parameters.duration('lookback_delta') }),
  };
}

/** The texts of `match[]`, each of which is one series selector. */
function seriesSelectors(parameters: Parameters): string[] {
  return parameters.all('match[]').map((text) => {
    try {
      readSelector(text);
    } catch (error) {
      throw new BadRequest(`invalid parameter "match[]": ${(error as Error).message}`);
    }
    return text;
  });
}

function timeRange(parameters: Parameters): TimeRange {
  const fromMs = parameters.time('start', ALL_TIME.fromMs);
  const toMs = parameters.time('end', ALL_TIME.toMs);
  if (toMs < fromMs) throw new BadRequest('invalid parameter "end": end timestamp must not be before start timestamp');
  return { fromMs, toMs };
}
