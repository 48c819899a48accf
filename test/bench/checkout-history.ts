import { Labels } from '@tillwatch/model';
import { randomFrom, type TestSeries } from '../support/promql-data.ts';

/** The counters of one shop's checkout over some months, as a scrape every 15 seconds has them. */
const SCRAPE_MS = 15_000;
export const DAY_MS = 86_400_000;
/** The moment at which the history ends and queries are asked. */
export const END_MS = 1_760_000_400_000;

const STEPS = ['address', 'cart', 'confirm', 'payment'];
const PROVIDERS = ['alphapay', 'betabank', 'gammawallet'];
const BOUNDS = ['0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '20', '30', '+Inf'];

interface Counter {
  readonly labels: Labels;
  readonly rise: (random: () => number) => number;
}

function counters(): Counter[] {
  const all: Counter[] = [];
  const often = (random: () => number) => Math.floor(random() * 8);
  const seldom = (random: () => number) => (random() < 0.05 ? 1 : 0);
  for (const step of STEPS) {
    for (const provider of PROVIDERS) {
      const where = { __name__: 'checkout_outcomes_total', step, provider };
      all.push({ labels: Labels.of({ ...where, outcome: 'success' }), rise: often });
      all.push({ labels: Labels.of({ ...where, outcome: 'failure', reason_class: 'technical' }), rise: seldom });
    }
  }
  for (const outcome of ['failure', 'success']) {
    for (const [i, le] of BOUNDS.entries()) {
      const labels = Labels.of({ __name__: 'checkout_duration_seconds_bucket', outcome, le });
      all.push({ labels, rise: (random) => Math.floor(random() * (1 + i)) });
    }
  }
  return all;
}

/** Yields the history an hour at a time. Once in a few days the shop restarts and its counters with it. */
export function* checkoutHistory(days: number): Iterable<TestSeries[]> {
  const random = randomFrom(1);
  const all = counters().map((counter) => ({ ...counter, total: 0 }));
  const perHour = 3_600_000 / SCRAPE_MS;
  for (let from = END_MS - days * DAY_MS; from < END_MS; from += 3_600_000) {
    if (random() < 1 / 70) for (const counter of all) counter.total = 0;
    const timestampsMs = Array.from({ length: perHour }, (_, i) => from + (i + 1) * SCRAPE_MS - 700);
    yield all.map((counter) => ({
      labels: counter.labels,
      timestampsMs,
      values: timestampsMs.map(() => {
        counter.total += counter.rise(random);
        return counter.total;
      }),
    }));
  }
}
