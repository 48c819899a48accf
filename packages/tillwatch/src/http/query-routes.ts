import { type Clock, unescapeName } from '@tillwatch/model';
import { prettify, selectorsOf } from '@tillwatch/promql';
import type { ExemplarStore, SeriesExemplars } from '@tillwatch/tsdb';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Cardinality } from '../query/cardinality.ts';
import type { Queries } from '../query/queries.ts';
import { MAX_STEPS } from '../query/query-engine.ts';
import { type Answer, type QueryOptions, type Question, type TimeRange, wholeData } from '../query/question.ts';
import { readReadRequest } from '../query/remote-read.ts';
import { readQuery } from '../query/unreadable-query.ts';
import { createApiRoutes, type OriginTest } from './api-routes.ts';
import { formatLabels, formatTimestamp, formatValue } from './json.ts';
import { BadRequest, type Parameters, parseDurationParameter } from './parameters.ts';
import { sendAnswer, sendData } from './reply.ts';
import { selectorTexts } from './selectors.ts';
import { treeJson } from './tree-json.ts';

/** What the query part of the API needs. */
export interface QueryServices {
  readonly queries: Queries;
  readonly clock: Clock;
  readonly exemplars: ExemplarStore;
  /** Pages of which other origins may read answers; none when not given. */
  readonly corsOrigin?: OriginTest | undefined;
}

/** `status/tsdb` is about the series of this time, like Prometheus's head. */
const HEAD_MS = 2 * 3_600_000;
const DEFAULT_STATUS_LIMIT = 10;
const MAX_STATUS_LIMIT = 10_000;

/** Times further away than any sample: where `start` and `end` are not given, everything is meant. */
const ALL_TIME: TimeRange = { fromMs: -8_640_000_000_000_000, toMs: 8_640_000_000_000_000 };

/**
 * `/api/v1/query`, `query_range`, `query_exemplars`, `format_query`, `parse_query`, `series`, `labels`, `label/…/values`, `read` and
 * `status/tsdb`, as Prometheus answers them.
 */
export function registerQueryRoutes(app: FastifyInstance, services: QueryServices): void {
  const { queries, clock, corsOrigin } = services;
  const routes = createApiRoutes(app, corsOrigin);

  /** Asks, and stops asking when the client is gone. What is not read of an answer to its end is stopped by its reader. */
  const ask = async (reply: FastifyReply, question: Question): Promise<Answer> => {
    const isGone = new AbortController();
    const onClose = () => isGone.abort();
    reply.raw.once('close', onClose);
    return queries.answer(question, isGone.signal);
  };
  const answer = async (reply: FastifyReply, question: Question): Promise<FastifyReply> => {
    return sendAnswer(reply, await ask(reply, question));
  };

  routes.getOrPost('/api/v1/query', (parameters, reply) => {
    const timeMs = parameters.time('time', clock.nowMs());
    const text = parameters.get('query');
    return answer(reply, {
      kind: 'instant',
      text,
      timeMs,
      options: queryOptions(parameters),
      limit: parameters.limit(),
    });
  });

  routes.getOrPost('/api/v1/query_range', (parameters, reply) => {
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
    const text = parameters.get('query');
    const options = queryOptions(parameters);
    return answer(reply, { kind: 'range', text, startMs, endMs, stepMs, options, limit: parameters.limit() });
  });

  routes.getOrPost('/api/v1/format_query', (parameters, reply) => {
    return sendData(reply, JSON.stringify(prettify(readQuery(parameters.get('query')))));
  });

  routes.getOrPost('/api/v1/parse_query', (parameters, reply) => {
    return sendData(reply, JSON.stringify(treeJson(readQuery(parameters.get('query')))));
  });

  routes.getOrPost('/api/v1/query_exemplars', (parameters, reply) => {
    const { fromMs, toMs } = timeRange(parameters);
    if (toMs < fromMs) throw new BadRequest('end timestamp must not be before start timestamp');
    const selectors = selectorsOf(readQuery(parameters.get('query')));
    // Prometheus has nothing to say about an expression that reads no series.
    if (selectors.length === 0) return reply.code(204).send();
    const found = services.exemplars.select(
      selectors.map(({ matchers }) => matchers),
      fromMs,
      toMs,
    );
    return sendData(reply, `[${found.map(exemplarsJson).join(',')}]`);
  });

  routes.get('/api/v1/status/tsdb', async (parameters, reply) => {
    const limit = parameters.number('limit') ?? DEFAULT_STATUS_LIMIT;
    if (limit < 1 || limit > MAX_STATUS_LIMIT) {
      throw new BadRequest(`limit must be a positive number not exceeding ${MAX_STATUS_LIMIT}`);
    }
    const toMs = clock.nowMs();
    const range = { fromMs: toMs - HEAD_MS, toMs };
    const data = await wholeData(await ask(reply, { kind: 'cardinality', range, limit }));
    const { numSeries, numLabelPairs, ...lists } = JSON.parse(Buffer.from(data).toString()) as Cardinality;
    const headStats = { numSeries, numLabelPairs, chunkCount: 0, minTime: range.fromMs, maxTime: toMs };
    return sendData(reply, JSON.stringify({ headStats, ...lists }));
  });

  routes.only(['POST'], '/api/v1/read', async (_parameters, reply, request) => {
    const asked = readReadRequest(request.body instanceof Buffer ? request.body : Buffer.alloc(0));
    const { data } = await ask(reply, { kind: 'remote-read', queries: asked, limit: 0 });
    reply.header('content-type', 'application/x-protobuf').header('content-encoding', 'snappy');
    return reply.send(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  });

  routes.getOrPost('/api/v1/series', (parameters, reply) => {
    const selectors = selectorTexts(parameters);
    if (selectors.length === 0) throw new BadRequest('no match[] parameter provided');
    return answer(reply, { kind: 'series', selectors, range: timeRange(parameters), limit: parameters.limit() });
  });

  routes.getOrPost('/api/v1/labels', (parameters, reply) => {
    const selectors = selectorTexts(parameters);
    return answer(reply, { kind: 'label-names', selectors, range: timeRange(parameters), limit: parameters.limit() });
  });

  routes.get('/api/v1/label/:name/values', (parameters, reply, request) => {
    const name = unescapeName((request.params as { name: string }).name);
    const selectors = selectorTexts(parameters);
    const range = timeRange(parameters);
    return answer(reply, { kind: 'label-values', name, selectors, range, limit: parameters.limit() });
  });
}

function queryOptions(parameters: Parameters): QueryOptions {
  const lookbackMs = lookback(parameters.get('lookback_delta'));
  return {
    ...(parameters.get('timeout') === '' ? {} : { timeoutMs: parameters.duration('timeout') }),
    ...(lookbackMs > 0 ? { lookbackMs } : {}),
    ...(parameters.get('stats') === '' ? {} : { withStats: true }),
  };
}

/** 0 or less, and nothing, leave it to the engine. */
function lookback(text: string): number {
  if (text === '') return 0;
  try {
    return parseDurationParameter(text);
  } catch (error) {
    throw new BadRequest(`error parsing lookback delta duration: ${(error as Error).message}`);
  }
}

function exemplarsJson({ labels, exemplars }: SeriesExemplars): string {
  const list = exemplars.map(
    ({ labels: own, value, timestampMs }) =>
      `{"labels":${formatLabels(own)},"value":"${formatValue(value)}","timestamp":${formatTimestamp(timestampMs)}}`,
  );
  return `{"seriesLabels":${formatLabels(labels)},"exemplars":[${list.join(',')}]}`;
}

function timeRange(parameters: Parameters): TimeRange {
  const fromMs = parameters.time('start', ALL_TIME.fromMs);
  const toMs = parameters.time('end', ALL_TIME.toMs);
  return { fromMs, toMs };
}
