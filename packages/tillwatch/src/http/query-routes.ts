import {
  type Clock,
  compareLabels,
  compareText,
  formatProblems,
  type Labels,
  type Matcher,
  type Queryable,
} from '@tillwatch/model';
import { format, type InstantResult, parse, type RangeResult, selectorsOf } from '@tillwatch/promql';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Queries } from '../query/queries.ts';
import { MAX_STEPS } from '../query/query-engine.ts';
import { formatLabels, formatPoint } from './json.ts';
import { BadRequest, type Parameters } from './parameters.ts';
import { type Notes, parametersOf, sendData, sendFailure } from './reply.ts';

/** What the query part of the API needs. */
export interface QueryServices {
  readonly queries: Queries;
  readonly queryable: Queryable;
  readonly clock: Clock;
}

/** Times further away than any sample: where `start` and `end` are not given, everything is meant. */
const ALL_TIME = { fromMs: -8_640_000_000_000_000, toMs: 8_640_000_000_000_000 };

/** `/api/v1/query`, `query_range`, `format_query`, `series`, `labels` and `label/…/values`, as Prometheus answers them. */
export function registerQueryRoutes(app: FastifyInstance, { queries, queryable, clock }: QueryServices): void {
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

  route('/api/v1/query', async (parameters, reply) => {
    const timeMs = parameters.time('time', clock.nowMs());
    const result = await queries.instant(parameters.required('query'), timeMs, queryOptions(parameters));
    return sendData(reply, instantJson(result, parameters.limit()), notesOf(result));
  });

  route('/api/v1/query_range', async (parameters, reply) => {
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
    const result = await queries.range(parameters.required('query'), startMs, endMs, stepMs, queryOptions(parameters));
    return sendData(
      reply,
      `{"resultType":"matrix","result":${matrixJson(result.series, parameters.limit())}}`,
      notesOf(result),
    );
  });

  route('/api/v1/format_query', (parameters, reply) => {
    const result = parse(parameters.required('query'));
    if (!result.ok) throw new BadRequest(`invalid parameter "query": ${formatProblems(result.problems)}`);
    return sendData(reply, JSON.stringify(format(result.expr)));
  });

  route('/api/v1/series', (parameters, reply) => {
    const selectors = seriesSelectors(parameters);
    if (selectors.length === 0) throw new BadRequest('no match[] parameter provided');
    const found = selectLabels(queryable, selectors, timeRange(parameters));
    return sendData(
      reply,
      `[${take(found, parameters.limit()).map(formatLabels).join(',')}]`,
      truncated(found.length, parameters),
    );
  });

  route('/api/v1/labels', (parameters, reply) => {
    const selectors = seriesSelectors(parameters);
    const range = timeRange(parameters);
    const names =
      selectors.length === 0
        ? queryable.labelNames(range.fromMs, range.toMs)
        : sortedSet(selectLabels(queryable, selectors, range).flatMap((labels) => labels.names()));
    return sendData(reply, JSON.stringify(take(names, parameters.limit())), truncated(names.length, parameters));
  });

  route('/api/v1/label/:name/values', (parameters, reply, request) => {
    const name = unescapeLabelName((request.params as { name: string }).name);
    const selectors = seriesSelectors(parameters);
    const range = timeRange(parameters);
    const values =
      selectors.length === 0
        ? queryable.labelValues(name, range.fromMs, range.toMs)
        : sortedSet(
            selectLabels(queryable, selectors, range)
              .map((labels) => labels.get(name))
              .filter((value) => value !== ''),
          );
    return sendData(reply, JSON.stringify(take(values, parameters.limit())), truncated(values.length, parameters));
  });
}

function queryOptions(parameters: Parameters): { timeoutMs?: number; lookbackMs?: number } {
  return {
    ...(parameters.get('timeout') === '' ? {} : { timeoutMs: parameters.duration('timeout') }),
    ...(parameters.get('lookback_delta') === '' ? {} : { lookbackMs: parameters.duration('lookback_delta') }),
  };
}

/** The JSON of an instant query's `data`. */
function instantJson(result: InstantResult, limit = 0): string {
  const { value } = result;
  switch (value.type) {
    case 'scalar':
      return `{"resultType":"scalar","result":${formatPoint(value.timestampMs, value.value)}}`;
    case 'string':
      return `{"resultType":"string","result":${formatPoint(value.timestampMs, 0).replace(/"0"\]$/, () => `${JSON.stringify(value.value)}]`)}}`;
    case 'vector': {
      const elements = take(value.samples, limit).map(
        (sample) =>
          `{"metric":${formatLabels(sample.labels)},"value":${formatPoint(sample.timestampMs, sample.value)}}`,
      );
      return `{"resultType":"vector","result":[${elements.join(',')}]}`;
    }
    case 'matrix':
      return `{"resultType":"matrix","result":${matrixJson(value.series, limit)}}`;
  }
}

function matrixJson(series: RangeResult['series'], limit: number): string {
  const elements = take(series, limit).map(({ labels, timestampsMs, values }) => {
    let points = '';
    for (let i = 0; i < values.length; i++) {
      points += `${i === 0 ? '' : ','}${formatPoint(timestampsMs[i]!, values[i]!)}`;
    }
    return `{"metric":${formatLabels(labels)},"values":[${points}]}`;
  });
  return `[${elements.join(',')}]`;
}

function notesOf(result: InstantResult | RangeResult): Notes {
  const texts = (severity: 'warning' | 'info') =>
    result.annotations.filter((annotation) => annotation.severity === severity).map((annotation) => annotation.message);
  return { warnings: texts('warning'), infos: texts('info') };
}

function seriesSelectors(parameters: Parameters): (readonly Matcher[])[] {
  return parameters.all('match[]').map((text) => {
    const result = parse(text);
    if (!result.ok) throw new BadRequest(`invalid parameter "match[]": ${formatProblems(result.problems)}`);
    const [selector, ...others] = selectorsOf(result.expr);
    if (result.expr.kind !== 'vectorSelector' || selector === undefined || others.length > 0) {
      throw new BadRequest(`invalid parameter "match[]": ${text} is not a series selector`);
    }
    return selector.matchers;
  });
}

function timeRange(parameters: Parameters): { fromMs: number; toMs: number } {
  const fromMs = parameters.time('start', ALL_TIME.fromMs);
  const toMs = parameters.time('end', ALL_TIME.toMs);
  if (toMs < fromMs) throw new BadRequest('invalid parameter "end": end timestamp must not be before start timestamp');
  return { fromMs, toMs };
}

/** Every label set that one of the selectors chooses, each once, in label order. */
function selectLabels(
  queryable: Queryable,
  selectors: readonly (readonly Matcher[])[],
  range: { fromMs: number; toMs: number },
): Labels[] {
  const found = new Map<string, Labels>();
  for (const matchers of selectors) {
    for (const labels of queryable.selectLabels(matchers, range.fromMs, range.toMs)) found.set(labels.key, labels);
  }
  const sets = [...found.values()];
  return selectors.length === 1 ? sets : sets.sort(compareLabels);
}

function sortedSet(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compareText);
}

/** The first `limit` elements; 0 takes all. */
function take<T>(all: readonly T[], limit: number): readonly T[] {
  return limit === 0 ? all : all.slice(0, limit);
}

function truncated(count: number, parameters: Parameters): Notes {
  const limit = parameters.limit();
  return { warnings: limit > 0 && count > limit ? ['results truncated due to limit'] : [], infos: [] };
}

/** `U__` names carry characters that a path cannot, as `_<hex>_` (Prometheus's value encoding). */
function unescapeLabelName(name: string): string {
  if (!name.startsWith('U__')) return name;
  return name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, hex: string | undefined) =>
      hex === undefined || whole === '__' ? '_' : String.fromCodePoint(Math.min(Number.parseInt(hex, 16), 0x10ffff)),
    );
}
