import { type Matcher, METRIC_NAME } from '@tillwatch/model';
import { isTooMuch } from '../../import/import-prometheus.ts';
import type { PrometheusApi } from '../../prometheus-api/prometheus-api.ts';
import { InputError } from '../input-error.ts';
import { type RuleNeeds, textOf } from '../rule-needs.ts';
import { SampleSpool } from '../spool/sample-spool.ts';
import type { BacktestSource, ReadOptions } from './source.ts';

/** Which part of a server's past is fetched. */
export interface PrometheusSourceOptions extends ReadOptions {
  readonly api: PrometheusApi;
  /** Only what the rules read is fetched, each series as far back as they look. */
  readonly needs: RuleNeeds;
  /** The first and the last evaluation. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How far back series are fetched at most; default 8 days: a week, and a day to be sure. */
  readonly longestReachMs?: number | undefined;
}

const LONGEST_REACH_MS = 8 * 86_400_000;
const FIRST_PIECE_MS = 60 * 60_000;
const SHORTEST_PIECE_MS = 60_000;
const LONGEST_PIECE_MS = 2 * 86_400_000;
/** As many samples are asked for at once: some tens of megabytes of JSON, and far below every server's own limit. */
const SAMPLES_PER_PIECE = 500_000;

/**
 * The past of any server with Prometheus's HTTP API: the stored samples of what the rules read, fetched piece by piece and kept
 * in a temporary file. Pieces are made longer or shorter by what comes back.
 * @throws {InputError} when there is nothing to fetch
 * @throws {PrometheusApiError} when the server does not answer
 */
export async function prometheusSource(options: PrometheusSourceOptions): Promise<BacktestSource> {
  const { api, needs, fromMs, toMs, longestReachMs = LONGEST_REACH_MS } = options;
  const spool = new SampleSpool();
  try {
    const jobs = needs.series.map(({ matchers }) => ({
      matchers,
      fromMs: fromMs - Math.min(reachOfMetric(needs, matchers), longestReachMs),
    }));
    const totalMs = jobs.reduce((sum, job) => sum + toMs - job.fromMs, 0);
    let doneMs = 0;
    for (const job of jobs) {
      const pieces = fetchSeries(api, job.matchers, job.fromMs, toMs, spool, options.signal);
      for await (const pieceMs of pieces) {
        doneMs += pieceMs;
        options.onProgress?.({ share: doneMs / totalMs, samples: spool.sampleCount });
      }
    }
    const { firstMs, lastMs } = spool;
    if (firstMs === undefined || lastMs === undefined) {
      throw new InputError(
        { file: api.name },
        'it has nothing of what the rules read in this time',
        'is it the server that scrapes the shop, and were --from and --to within its retention?',
      );
    }
    return {
      name: api.name,
      queryable: spool,
      firstMs,
      lastMs,
      notes: ['The server tells no staleness: a series that ended counts for five minutes more.'],
      close: async () => spool.close(),
    };
  } catch (error) {
    spool.close();
    throw error;
  }
}

/**
 * Two selectors can choose the same series: whichever is fetched first must bring all of it, since samples only go in by the
 * order of time.
 */
function reachOfMetric(needs: RuleNeeds, matchers: readonly Matcher[]): number {
  const metric = metricOf(matchers);
  const same = needs.series.filter((other) => {
    const named = metricOf(other.matchers);
    return metric === undefined || named === undefined || named === metric;
  });
  return Math.max(...same.map(({ reachMs }) => reachMs));
}

function metricOf(matchers: readonly Matcher[]): string | undefined {
  return matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value;
}

/** Fetches the samples of a selector in (fromMs, toMs]; yields the length of each piece once it is kept. */
async function* fetchSeries(
  api: PrometheusApi,
  matchers: readonly Matcher[],
  fromMs: number,
  toMs: number,
  spool: SampleSpool,
  signal: AbortSignal | undefined,
): AsyncGenerator<number> {
  const selector = textOf(matchers);
  let pieceMs = FIRST_PIECE_MS;
  for (let atMs = fromMs; atMs < toMs; ) {
    signal?.throwIfAborted();
    const untilMs = Math.min(toMs, atMs + pieceMs);
    let samples = 0;
    try {
      for (const { labels, timestampsMs, values } of await api.samples(selector, atMs, untilMs)) {
        const series = spool.series(labels);
        // What another selector chose too is there already, and refused.
        for (let i = 0; i < values.length; i++) series.append(timestampsMs[i]!, values[i]!);
        samples += values.length;
      }
    } catch (error) {
      if (!isTooMuch(error) || pieceMs <= SHORTEST_PIECE_MS) throw error;
      pieceMs = Math.max(SHORTEST_PIECE_MS, Math.floor(pieceMs / 4));
      continue;
    }
    yield untilMs - atMs;
    const wanted = samples === 0 ? LONGEST_PIECE_MS : ((untilMs - atMs) * SAMPLES_PER_PIECE) / samples;
    pieceMs = Math.floor(Math.max(SHORTEST_PIECE_MS, Math.min(LONGEST_PIECE_MS, 4 * pieceMs, wanted)));
    atMs = untilMs;
  }
}
