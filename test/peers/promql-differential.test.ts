import { describe, expect, test } from 'vitest';
import { hasPrometheus } from '../support/prometheus.ts';
import { compareWithPrometheus } from '../support/promql-differential.ts';
import { describeReport } from '../support/promql-report.ts';

/** Enough for about half a minute. `npm run differential` asks as many as one likes, with another seed. */
const QUERIES = 4_000;
const SEED = 20_261;

describe.skipIf(!hasPrometheus())('PromQL beside the real Prometheus', () => {
  test(`${QUERIES} random queries have the same answers`, async () => {
    const report = await compareWithPrometheus(SEED, QUERIES);
    console.info(describeReport(report));
    expect(report.mismatches).toEqual([]);
    // Queries that say nothing would prove nothing.
    expect(report.withValues).toBeGreaterThan(QUERIES / 3);
    expect(report.sensitiveToRounding).toBeLessThan(QUERIES / 100);
  });
});
