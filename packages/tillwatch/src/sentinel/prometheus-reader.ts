import type { Selector, SentinelReader } from '@tillwatch/checkout';
import type { Series } from '@tillwatch/model';
import type { PrometheusApi } from '../prometheus-api/prometheus-api.ts';

/** Prometheus refuses range queries with more than 11,000 steps. */
const MOST_STEPS = 10_000;

/** Reads what the sentinel needs from another Prometheus: the newest samples as they were scraped, the past thinned to steps. */
export function prometheusReader(api: PrometheusApi): SentinelReader {
  return {
    async read(selectors, fromMs, toMs, stepMs) {
      const answers: (readonly Series[])[] = [];
      // One after the other: a busy Prometheus is not made busier.
      for (const selector of selectors) {
        answers.push(
          ...(await (stepMs === undefined
            ? newest(api, selector, fromMs, toMs)
            : past(api, selector, fromMs, toMs, stepMs))),
        );
      }
      return answers.flat();
    },
  };
}

async function newest(
  api: PrometheusApi,
  selector: Selector,
  fromMs: number,
  toMs: number,
): Promise<(readonly Series[])[]> {
  return [await api.samples(selectorText(selector), fromMs, toMs)];
}

async function past(
  api: PrometheusApi,
  selector: Selector,
  fromMs: number,
  toMs: number,
  stepMs: number,
): Promise<(readonly Series[])[]> {
  const pieces: (readonly Series[])[] = [];
  const spanMs = MOST_STEPS * stepMs;
  for (let startMs = fromMs + stepMs; startMs <= toMs; startMs += spanMs) {
    const endMs = Math.min(toMs, startMs + spanMs - stepMs);
    const answer = await api.range(selectorText(selector), startMs, endMs, stepMs);
    pieces.push(
      answer.map(({ labels, timestampsMs, values }) => ({
        labels,
        timestampsMs: Float64Array.from(timestampsMs),
        values: Float64Array.from(values),
      })),
    );
  }
  return pieces;
}

function selectorText(selector: Selector): string {
  return `{${selector.join(',')}}`;
}
