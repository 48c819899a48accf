import { type Histogram, Labels } from '@tillwatch/model';
import { readHistogram } from '@tillwatch/promql/testing';
import type * as z from 'zod';
import { field, scalarText, scalarValue, textField } from '../fields/field.ts';
import { labelsRecord, textRecord } from '../fields/labels.ts';
import { defaulted, list, object, optional, required } from '../fields/object.ts';
import { duration, flag, text } from '../fields/scalars.ts';
import { expression } from '../rules/rule-schema.ts';
import { kindOf } from '../yaml/issues.ts';
import { readSeriesLabels } from './series-labels.ts';
import { readSeriesValues, type TestSample } from './series-values.ts';

/** `name{label="value"}`, or nothing for no labels. */
function seriesLabels(): z.ZodType<Labels, unknown> {
  return textField((written, fail) => {
    const read = readSeriesLabels(written);
    if (read instanceof Labels) return read;
    for (const { message, hint, from, to } of read) {
      fail(message, { code: 'series-notation', hint, range: { from, to } });
    }
    return undefined;
  });
}

function seriesValues(): z.ZodType<readonly TestSample[], unknown> {
  return textField((written, fail) => {
    const read = readSeriesValues(written);
    if (!('message' in read)) return read;
    const { message, hint, from, to } = read;
    return fail(message, { code: 'series-notation', hint, range: { from, to } });
  });
}

/** Any number, also the ones that are none: `.nan`, `.inf`, `NaN`, `-Inf`. */
function sampleValue(): z.ZodType<number, unknown> {
  return field((value, fail) => {
    const plain = scalarValue(value);
    if (typeof plain === 'number') return plain;
    const special = /^([+-]?)(inf|nan)$/i.exec(scalarText(value)?.trim() ?? '');
    if (special === null) return fail(`expected a number, got ${kindOf(value)}`, { code: 'wrong-type' });
    if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }, 'number');
}

/** A native histogram in test notation. */
function histogram(): z.ZodType<Histogram, unknown> {
  return textField((written, fail) => {
    try {
      return readHistogram(written).histogram;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return fail(error.message, { code: 'series-notation' });
    }
  });
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Seconds since the epoch, or a date and time; the result is in ms. */
function moment(): z.ZodType<number, unknown> {
  return field((value, fail) => {
    const written = scalarText(value) ?? '';
    const seconds = written.trim() === '' ? Number.NaN : Number(written);
    if (Number.isFinite(seconds)) return Math.round(seconds * 1000);
    const ms = RFC3339.test(written) ? Date.parse(written.replace(' ', 'T')) : Number.NaN;
    if (!Number.isNaN(ms)) return ms;
    const hint = 'write seconds since the epoch, or for example "2026-01-31T08:00:00Z"';
    return fail(`"${written}" is not a moment`, { code: 'wrong-value', hint });
  });
}

const EXPECTED_ALERT = object({
  labels: defaulted('exp_labels', textRecord(), {}),
  annotations: defaulted('exp_annotations', textRecord(), {}),
});

const EXPECTED_SAMPLE = object({
  labels: defaulted('labels', seriesLabels(), Labels.empty),
  value: defaulted('value', sampleValue(), 0),
  histogram: optional('histogram', histogram()),
});

const ALERT_CHECK = object({
  evalTimeMs: defaulted('eval_time', duration(), 0),
  alertname: required('alertname', text({ nonEmpty: true })),
  expected: defaulted('exp_alerts', list(EXPECTED_ALERT), []),
});

const EXPR_CHECK = object({
  evalTimeMs: defaulted('eval_time', duration(), 0),
  expr: required('expr', expression()),
  expected: defaulted('exp_samples', list(EXPECTED_SAMPLE), []),
});

const TEST = object({
  name: defaulted('name', text(), ''),
  intervalMs: defaulted('interval', duration(), 0),
  startMs: defaulted('start_timestamp', moment(), 0),
  inputSeries: defaulted(
    'input_series',
    list(object({ labels: required('series', seriesLabels()), values: required('values', seriesValues()) })),
    [],
  ),
  alertChecks: defaulted('alert_rule_test', list(ALERT_CHECK), []),
  exprChecks: defaulted('promql_expr_test', list(EXPR_CHECK), []),
  externalLabels: defaulted('external_labels', labelsRecord(), Labels.empty),
  externalUrl: defaulted('external_url', text(), ''),
});

/** A file of rule tests as it is written. */
export const RULE_TEST_FILE = object({
  ruleFiles: defaulted('rule_files', list(text({ nonEmpty: true })), []),
  evaluationIntervalMs: defaulted('evaluation_interval', duration(), 0),
  groupEvalOrder: defaulted('group_eval_order', list(text()), []),
  fuzzyCompare: defaulted('fuzzy_compare', flag(), false),
  tests: defaulted('tests', list(TEST), []),
});

export type RawRuleTest = z.output<typeof TEST>;
