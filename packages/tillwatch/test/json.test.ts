import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Labels } from '@tillwatch/model';
import { readHistogram } from '@tillwatch/promql/testing';
import { describe, expect, test } from 'vitest';
import {
  formatHistogram,
  formatLabels,
  formatPlain,
  formatPoint,
  formatSampleField,
  formatTimestamp,
  formatValue,
  SamplesWriter,
} from '../src/http/json.ts';

const fieldsOf = (series: Parameters<SamplesWriter['pieces']>[0]) => [...new SamplesWriter().pieces(series)].join('');

describe('formatValue', () => {
  test.for([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [0.1, '0.1'],
    [1234567.8, '1234567.8'],
    [0.0000012345678, '0.0000012345678'],
    [1e-7, '1e-07'],
    [-2.5e-10, '-2.5e-10'],
    [1e20, '100000000000000000000'],
    [1e21, '1e+21'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [5e-324, '5e-324'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ] as const)('%d as %s', ([value, text]) => {
    expect(formatValue(value)).toBe(text);
  });
});

describe('formatPlain', () => {
  test.for([
    [1e-7, '0.0000001'],
    [-2.5e-10, '-0.00000000025'],
    [1e21, '1000000000000000000000'],
    [1.5e22, '15000000000000000000000'],
    [1234567.8, '1234567.8'],
    [-0, '-0'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ] as const)('%d as %s', ([value, text]) => {
    expect(formatPlain(value)).toBe(text);
  });
});

test.for([
  [0, '0'],
  [1, '0.001'],
  [10, '0.010'],
  [1100, '1.100'],
  [60_000, '60'],
  [-1, '-0.001'],
] as const)('%d ms is %s', ([ms, text]) => {
  expect(formatTimestamp(ms)).toBe(text);
});

test('labels keep their order and their characters', () => {
  expect(formatLabels(Labels.of({ b: '"x"', a: 'é\n' }))).toBe('{"a":"é\\n","b":"\\"x\\""}');
});

describe('native histograms', () => {
  const histogram = (text: string) => readHistogram(text).histogram;
  test.for([
    ['{{}}', '{"count":"0","sum":"0"}'],
    [
      '{{schema:0 count:6 sum:3.5 z_bucket:1 z_bucket_w:0.001 buckets:[2 0 1] n_buckets:[2]}}',
      '{"count":"6","sum":"3.5","buckets":[[1,"-1","-0.5","2"],[3,"-0.001","0.001","1"],[0,"0.5","1","2"],[0,"2","4","1"]]}',
    ],
    [
      '{{schema:-53 count:3 sum:9 custom_values:[5] buckets:[1 2]}}',
      '{"count":"3","sum":"9","buckets":[[3,"-Inf","5","1"],[0,"5","+Inf","2"]]}',
    ],
  ] as const)('%s', ([text, json]) => expect(formatHistogram(histogram(text))).toBe(json));

  test('stand in fields of their own', () => {
    const one = histogram('{{count:1 sum:2}}');
    expect(formatSampleField(1500, 0, one)).toBe('"histogram":[1.500,{"count":"1","sum":"2"}]');
    expect(formatSampleField(1500, 7, undefined)).toBe('"value":[1.500,"7"]');
    const mixed = { timestampsMs: [0, 1000], values: [3, 0], histograms: [undefined, one] };
    expect(fieldsOf(mixed)).toBe('"values":[[0,"3"]],"histograms":[[1,{"count":"1","sum":"2"}]]');
    expect(fieldsOf({ timestampsMs: [], values: [] })).toBe('"values":[]');
  });

  test('a long series comes in pieces that make up the same list', () => {
    const timestampsMs = Float64Array.from({ length: 10_000 }, (_, i) => i * 1000);
    const pieces = [...new SamplesWriter().pieces({ timestampsMs, values: timestampsMs })];
    expect(pieces.length).toBeGreaterThan(2);
    const { values } = JSON.parse(`{${pieces.join('')}}`) as { values: [number, string][] };
    expect(values).toHaveLength(10_000);
    expect(values.at(-1)).toEqual([9_999, '9999000']);
  });
});

const vectors = join(process.env.CONFORMANCE_DIR ?? '../shared/conformance', 'prometheus/http-api.json');

test.skipIf(!existsSync(vectors))('points are encoded as Prometheus encodes them (conformance data)', () => {
  const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as {
    cases: { what: string; value: string; t_ms: number; json: string }[];
  };
  // Timestamps beyond 2^53 ms (the year 287396) are no numbers of JavaScript any more.
  const points = cases.filter((one) => one.what === 'point' && Number.isSafeInteger(one.t_ms));
  expect(points.length).toBeGreaterThan(0);
  for (const { value, t_ms, json } of points) {
    const number = value.endsWith('Inf') ? Number(`${value}inity`) : Number(value);
    expect(`{"status":"success","data":${formatPoint(t_ms, number)}}`).toBe(json);
  }
});
