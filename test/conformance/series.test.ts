import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readSeriesLabels, readSeriesValues } from '@tillwatch/config';
import { Labels } from '@tillwatch/model';
import { afterAll, describe, expect, test } from 'vitest';

/** The notation of series that tests are written in, read from Prometheus's own parser tests. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const TOPIC = join(DATA, 'prometheus', 'parser-series.json');

interface SeriesCase {
  readonly id: string;
  readonly input: string;
  readonly fail: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly values?: readonly (string | null | object)[];
}

describe.skipIf(!existsSync(TOPIC))(`series notation of Prometheus (${DATA})`, () => {
  const all = existsSync(TOPIC) ? (JSON.parse(readFileSync(TOPIC, 'utf8')) as { cases: SeriesCase[] }).cases : [];
  let passed = 0;
  afterAll(() => console.info(`prometheus/parser-series: ${passed} passed, ${all.length - passed} failed`));

  test.for(all.map((one) => [one.id, one] as const))('%s', ([, one]) => {
    // Rule tests write the name and the values into two fields.
    const [, name = '', values = ''] = /^(\S*?(?:\{[^}]*\})?)\s+(.*)$/s.exec(one.input) ?? [];
    const labels = readSeriesLabels(name);
    const samples = readSeriesValues(values);
    const isRefused = !(labels instanceof Labels) || 'message' in samples;
    expect(isRefused, one.input).toBe(one.fail);
    if (isRefused) {
      passed++;
      return;
    }
    expect(labels.toRecord()).toEqual(one.labels ?? {});
    expect(samples.length).toBe(one.values?.length);
    samples.forEach((sample, i) => {
      const wanted = one.values?.[i];
      if (typeof sample === 'object') expect(wanted).toBeTypeOf('object');
      else if (sample === undefined) expect(wanted).toBeNull();
      else if (sample === 'stale') expect(wanted).toBe('StaleNaN');
      else expect(sample).toBe(Number(String(wanted).replace('Inf', 'Infinity')));
    });
    passed++;
  });
});
