import type { Queryable } from '@tillwatch/model';
import fc from 'fast-check';
import { Prometheus } from './prometheus.ts';
import { type Answer, difference, ourAnswer, theirAnswer } from './promql-answers.ts';
import { queryableOf, randomFrom, randomSeries, type TestSeries } from './promql-data.ts';
import { KNOWN_DIFFERENCES } from './promql-differences.ts';
import { type Question, question } from './promql-expressions.ts';
import { writeRequests } from './remote-write.ts';

/** A query that both engines answer differently, as small as it could be made. */
export interface Mismatch {
  readonly seed: number;
  readonly question: Question;
  readonly difference: string;
}

/** What came of a comparison; the counts are of queries. */
export interface DifferentialReport {
  readonly version: string;
  asked: number;
  withValues: number;
  empty: number;
  bothRefused: number;
  /** Answers that hang on the last digits of values: our own answer changes when the data change in the 12th digit. */
  sensitiveToRounding: number;
  readonly known: Map<string, number>;
  readonly mismatches: Mismatch[];
}

/** Random series change this often. */
const QUERIES_PER_DATA = 2_000;
/** fast-check stops at the first mismatch, so it is given a few queries at a time. */
const QUERIES_PER_RUN = 100;
const HALF_HOUR_MS = 1_800_000;

/** Puts random queries to the real Prometheus and to our evaluator, over random series that both hold. */
export async function compareWithPrometheus(
  seed: number,
  queries: number,
  onProgress: (report: DifferentialReport) => void = () => {},
): Promise<DifferentialReport> {
  let report: DifferentialReport | undefined;
  for (let done = 0; done < queries; done += QUERIES_PER_DATA) {
    const dataSeed = seed + done;
    const series = randomSeries(dataSeed);
    const prometheus = await Prometheus.start();
    report ??= newReport(prometheus.version);
    try {
      for (const request of writeRequests(series, HALF_HOUR_MS)) await prometheus.write(request);
      const comparison = new Comparison(prometheus, series, report);
      const until = Math.min(QUERIES_PER_DATA, queries - done);
      for (let asked = 0; asked < until; asked += QUERIES_PER_RUN) {
        await comparison.run(dataSeed, dataSeed + asked, Math.min(QUERIES_PER_RUN, until - asked));
        onProgress(report);
      }
    } finally {
      await prometheus.stop();
    }
  }
  return report ?? newReport('unknown');
}

function newReport(version: string): DifferentialReport {
  const counts = { asked: 0, withValues: 0, empty: 0, bothRefused: 0, sensitiveToRounding: 0 };
  return { version, ...counts, known: new Map(), mismatches: [] };
}

class Comparison {
  readonly #prometheus: Prometheus;
  readonly #report: DifferentialReport;
  readonly #queryable: Queryable;
  readonly #shaken: readonly Queryable[];
  /** What was found about queries already asked, while mismatches are made smaller. */
  readonly #known = new Map<string, string | undefined>();

  constructor(prometheus: Prometheus, series: readonly TestSeries[], report: DifferentialReport) {
    this.#prometheus = prometheus;
    this.#report = report;
    this.#queryable = queryableOf(series);
    this.#shaken = [1, 2, 3].map((seed) => queryableOf(shaken(series, seed)));
  }

  /** Asks some queries; each mismatch among them is made as small as it gets and kept. */
  async run(dataSeed: number, seed: number, count: number): Promise<void> {
    const given = new Set<string>();
    for (;;) {
      let first: string | undefined;
      const property = fc.asyncProperty(question, async (asked) => {
        const key = JSON.stringify(asked);
        if (given.has(key)) return true;
        const found = await this.#judge(asked, first === undefined);
        if (found !== undefined) first ??= key;
        return found === undefined;
      });
      const result = await fc.check(property, { seed, numRuns: count });
      if (!result.failed) return;
      if (result.errorInstance instanceof Error && first === undefined) throw result.errorInstance;
      given.add(first!);
      const smallest = result.counterexample![0];
      const found = await this.#judge(smallest, false);
      this.#report.mismatches.push({ seed: dataSeed, question: smallest, difference: found ?? '' });
    }
  }

  async #judge(asked: Question, isCounted: boolean): Promise<string | undefined> {
    const key = JSON.stringify(asked);
    if (this.#known.has(key)) return this.#known.get(key);
    const theirs = await theirAnswer(asked, this.#prometheus);
    const ours = ourAnswer(asked, this.#queryable);
    const found = difference(ours, theirs, /^sort(?:_desc)?\(/.test(asked.expr) && asked.kind === 'instant');
    const verdict = found === undefined ? undefined : this.#excuse(asked, ours, theirs, isCounted) ? undefined : found;
    if (isCounted) this.#count(ours);
    this.#known.set(key, verdict);
    return verdict;
  }

  #count(ours: Answer): void {
    this.#report.asked++;
    if (ours.kind === 'refused') this.#report.bothRefused++;
    else if (ours.series.size === 0) this.#report.empty++;
    else this.#report.withValues++;
  }

  #excuse(asked: Question, ours: Answer, theirs: Answer, isCounted: boolean): boolean {
    const known = KNOWN_DIFFERENCES.find(({ explains }) => explains(asked, ours, theirs, this.#queryable));
    if (known !== undefined) {
      if (isCounted) this.#report.known.set(known.name, (this.#report.known.get(known.name) ?? 0) + 1);
      return true;
    }
    const isSensitive = this.#shaken.some((data) => difference(ourAnswer(asked, data), ours) !== undefined);
    if (isSensitive && isCounted) this.#report.sensitiveToRounding++;
    return isSensitive;
  }
}

/** The same series, each with its values stretched by about 1e-12: what changes with that is made of rounding errors. */
function shaken(all: readonly TestSeries[], seed: number): TestSeries[] {
  const random = randomFrom(seed);
  return all.map((series) => {
    const factor = 1 + (random() - 0.5) * 2e-12;
    return { ...series, values: series.values.map((value) => (value === 'stale' ? value : value * factor)) };
  });
}
