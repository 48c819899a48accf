import {
  formatDuration,
  Labels,
  type Querier,
  type RangeSeries,
  type Series,
  type VectorSample,
} from '@tillwatch/model';
import { LabelsCache } from './labels-cache.ts';
import { PrometheusApiError } from './prometheus-api-error.ts';
import { readBody } from './read-body.ts';

/** Where a Prometheus-compatible server is, and how it is spoken to. */
export interface PrometheusApiOptions {
  /**
   * The address that `/api/v1/…` is appended to, with a path where the server lives below one (Mimir: `…/prometheus`). A user
   * and a password in it become basic authentication and are never printed.
   */
  readonly url: string;
  /** Asked before each request, so that a token that is renewed is read anew. */
  readonly bearerToken?: (() => Promise<string>) | undefined;
  /** How long one answer may take. Default 30 s. */
  readonly timeoutMs?: number;
  /** The largest answer that is read. Default 256 MiB. */
  readonly maxAnswerBytes?: number;
}

/** Prometheus, VictoriaMetrics, Thanos or Mimir over their HTTP API v1. Every method rejects with `PrometheusApiError`. */
export interface PrometheusApi extends Querier {
  /** The server's host and path, without secrets. */
  readonly name: string;
  /** The stored samples of a selector in (fromMs, toMs], as they were scraped: no lookback, no steps. */
  samples(selector: string, fromMs: number, toMs: number): Promise<readonly Series[]>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** Label sets that are remembered of stored samples, which the sentinel asks for every few seconds. */
const MOST_LABEL_SETS = 50_000;

/** @throws {PrometheusApiError} when the URL is none */
export function createPrometheusApi(options: PrometheusApiOptions): PrometheusApi {
  const { base, authorization } = readUrl(options.url);
  const name = `${base.host}${base.pathname.replace(/\/$/, '')}`;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES } = options;
  const known = new LabelsCache(MOST_LABEL_SETS);

  async function ask(path: string, parameters: Readonly<Record<string, string>>): Promise<QueryData> {
    const token = await options.bearerToken?.();
    const credentials = token === undefined ? authorization : `Bearer ${token}`;
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, base), {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'Tillwatch',
          ...(credentials === undefined ? {} : { authorization: credentials }),
        },
        body: new URLSearchParams(parameters).toString(),
        // A redirect would take the password elsewhere.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await readBody(response, maxAnswerBytes);
    } catch (error) {
      throw PrometheusApiError.noAnswer(name, error, timeoutMs);
    }
    return readAnswer(name, response.status, text);
  }

  return {
    name,
    async instant(expr, atMs) {
      return vectorOf(name, await ask('api/v1/query', { query: expr, time: seconds(atMs) }));
    },
    async range(expr, startMs, endMs, stepMs) {
      const data = await ask('api/v1/query_range', {
        query: expr,
        start: seconds(startMs),
        end: seconds(endMs),
        step: seconds(stepMs),
      });
      return matrixOf(name, data);
    },
    async samples(selector, fromMs, toMs) {
      // Prometheus 2 includes the sample at the far end of the window and 3 does not: both are cut here.
      const query = `${selector}[${formatDuration(Math.max(1, Math.ceil(toMs - fromMs)))}]`;
      const data = await ask('api/v1/query', { query, time: seconds(toMs) });
      const series = matrixOf(name, data, (metric) => known.labelsOf(metric));
      return series.flatMap((one) => within(one, fromMs, toMs));
    },
  };
}

function readUrl(text: string): { base: URL; authorization: string | undefined } {
  const base = URL.canParse(text) ? new URL(text) : undefined;
  if (base === undefined || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new PrometheusApiError(
      'configuration',
      'the address of Prometheus is not an http or https URL; write http://127.0.0.1:9090',
    );
  }
  const { username, password } = base;
  const pair = decoded(`${username}:${password}`);
  base.username = '';
  base.password = '';
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const isSecret = username !== '' || password !== '';
  return { base, authorization: isSecret ? `Basic ${Buffer.from(pair).toString('base64')}` : undefined };
}

function decoded(credentials: string): string {
  try {
    return decodeURIComponent(credentials);
  } catch {
    throw new PrometheusApiError(
      'configuration',
      'the user or password in the address of Prometheus is not percent-encoded; write %25 for %',
    );
  }
}

/** The `data` of an answer to a query, as it came. */
export interface QueryData {
  readonly resultType?: unknown;
  readonly result?: unknown;
}

type Point = readonly [timestamp: number, value: string];

interface Element {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
}

function readAnswer(name: string, status: number, text: string): QueryData {
  let body: { status?: unknown; data?: QueryData; error?: unknown } | undefined;
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    body = undefined;
  }
  if (body?.status === 'success' && typeof body.data === 'object') return body.data;
  const said = typeof body?.error === 'string' ? body.error : text.trim().slice(0, 200);
  throw PrometheusApiError.refused(name, status, said);
}

/** An instant vector, or a scalar as one element, from the API's JSON; `name` is who answered. @throws {PrometheusApiError} */
export function vectorOf(name: string, { resultType, result }: QueryData): VectorSample[] {
  if (resultType === 'scalar' && isPoint(result)) {
    return [{ labels: Labels.empty, timestampMs: result[0] * 1_000, value: numberOf(result[1]) }];
  }
  if (resultType !== 'vector' || !Array.isArray(result)) throw PrometheusApiError.strange(name, 'an instant vector');
  return (result as readonly Element[]).flatMap(({ metric, value }) =>
    // Elements with native histograms carry no value.
    value === undefined
      ? []
      : [{ labels: Labels.of(metric), timestampMs: Math.round(value[0] * 1_000), value: numberOf(value[1]) }],
  );
}

/**
 * The series of a range vector from the API's JSON; `name` is who answered, `labelsOf` makes label sets.
 * @throws {PrometheusApiError}
 */
export function matrixOf(
  name: string,
  { resultType, result }: QueryData,
  labelsOf: (metric: Readonly<Record<string, string>>) => Labels = Labels.of,
): (RangeSeries & Series)[] {
  if (resultType !== 'matrix' || !Array.isArray(result)) throw PrometheusApiError.strange(name, 'a range vector');
  return (result as readonly Element[]).flatMap(({ metric, values }) => {
    if (values === undefined) return [];
    const timestampsMs = new Float64Array(values.length);
    const numbers = new Float64Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const [timestamp, text] = values[i]!;
      timestampsMs[i] = Math.round(timestamp * 1_000);
      numbers[i] = numberOf(text);
    }
    return [{ labels: labelsOf(metric), timestampsMs, values: numbers }];
  });
}

/** The part of a series in (fromMs, toMs]; none when it is empty. */
function within({ labels, timestampsMs, values }: Series, fromMs: number, toMs: number): Series[] {
  const first = timestampsMs.findIndex((at) => at > fromMs);
  if (first < 0) return [];
  const after = timestampsMs.findIndex((at) => at > toMs);
  const last = after < 0 ? timestampsMs.length : after;
  return last <= first
    ? []
    : [{ labels, timestampsMs: timestampsMs.slice(first, last), values: values.slice(first, last) }];
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string';
}

/** Reads a sample value as Prometheus writes it. */
function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function seconds(ms: number): string {
  return String(ms / 1_000);
}
