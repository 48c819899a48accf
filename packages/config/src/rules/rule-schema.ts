import { Labels } from '@tillwatch/model';
import { parse } from '@tillwatch/promql';
import type * as z from 'zod';
import { scalarText, textField, whole } from '../fields/field.ts';
import { isMetricName, isValidText, labelsRecord, quoteText, textRecord } from '../fields/labels.ts';
import { defaulted, list, object, optional } from '../fields/object.ts';
import { duration, integer, text } from '../fields/scalars.ts';

/** A PromQL expression. Every problem of it is placed inside the YAML text, in whatever style that is written. */
export function expression(): z.ZodType<string, unknown> {
  return textField((expr, fail) => {
    if (expr.trim() === '') return fail("field 'expr' must be set in rule", { code: 'missing-field', part: 'key' });
    const result = parse(expr);
    if (result.ok) return expr;
    for (const { code, message, hint, at } of result.problems) {
      fail(message, { code, hint, range: markable(expr, at.from, at.to) });
    }
    return undefined;
  });
}

/** A place at the very end of an expression is marked at its last character, since there is nothing behind it. */
function markable(expr: string, from: number, to: number): { from: number; to: number } {
  const end = expr.trimEnd().length;
  return from >= end && end > 0 ? { from: end - 1, to: end } : { from, to };
}

const RULE = object(
  {
    record: defaulted('record', text(), ''),
    alert: defaulted('alert', text(), ''),
    expr: optional('expr', expression()),
    forMs: optional('for', duration()),
    keepFiringForMs: optional('keep_firing_for', duration()),
    labels: defaulted('labels', textRecord(), {}),
    annotations: optional('annotations', textRecord()),
  },
  whole((wire, fail) => {
    const record = scalarText(wire.record) ?? '';
    const alert = scalarText(wire.alert) ?? '';
    if (record !== '' && alert !== '') {
      fail('alert', "only one of 'record' and 'alert' must be set", { code: 'rule-kind', part: 'key' });
    }
    if (record === '' && alert === '') {
      const hint = 'alert: NAME makes an alerting rule, record: NAME a recording rule';
      fail([], "one of 'record' or 'alert' must be set", { code: 'rule-kind', part: 'key', hint });
    }
    if (wire.expr === undefined) {
      fail(Object.hasOwn(wire, 'expr') ? 'expr' : [], "field 'expr' must be set in rule", {
        code: 'missing-field',
        part: 'key',
      });
    }
    if (record !== '' && alert === '') checkRecordingRule(record, wire, fail);
    checkLabels(wire.labels, fail);
    checkAnnotations(wire.annotations, fail);
  }),
);

type FailAt = (
  path: PropertyKey | readonly PropertyKey[],
  message: string,
  params?: { readonly code?: string; readonly hint?: string | undefined; readonly part?: 'key' },
) => void;

function checkRecordingRule(record: string, wire: Record<string, unknown>, fail: FailAt): void {
  const fields: Readonly<Record<string, boolean>> = {
    annotations: isMapWithEntries(wire.annotations),
    for: wire.for !== undefined && wire.for !== 0,
    keep_firing_for: wire.keep_firing_for !== undefined && wire.keep_firing_for !== 0,
  };
  for (const [name, isSet] of Object.entries(fields)) {
    if (!isSet) continue;
    const hint = 'only alerting rules have it: write alert instead of record, or remove it';
    fail(name, `invalid field '${name}' in recording rule`, { code: 'rule-kind', part: 'key', hint });
  }
  if (/[{}]/.test(record)) {
    fail('record', `braces present in the recording rule name; should it be in expr?: ${record}`, {
      code: 'rule-name',
    });
  } else if (!isMetricName(record)) {
    fail('record', `invalid recording rule name: ${record}`, { code: 'rule-name' });
  }
}

function isMapWithEntries(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function checkLabels(labels: unknown, fail: FailAt): void {
  if (typeof labels !== 'object' || labels === null) return;
  if (Object.hasOwn(labels, '__name__')) {
    fail(['labels', '__name__'], 'invalid label name: __name__', { code: 'label-name', part: 'key' });
  }
}

const ANNOTATION_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function checkAnnotations(annotations: unknown, fail: FailAt): void {
  if (typeof annotations !== 'object' || annotations === null) return;
  for (const name of Object.keys(annotations)) {
    if (ANNOTATION_NAME.test(name) || name === '' || !isValidText(name)) continue;
    const hint = `write ${name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_')}`;
    fail(['annotations', name], `invalid annotation name: ${name}`, { code: 'label-name', part: 'key', hint });
  }
}

const GROUP = object(
  {
    name: defaulted('name', text(), ''),
    intervalMs: optional('interval', duration()),
    queryOffsetMs: optional('query_offset', duration()),
    limit: defaulted('limit', integer(), 0),
    labels: defaulted('labels', labelsRecord(), Labels.empty),
    rules: defaulted('rules', list(RULE, 'empty or null rule'), []),
  },
  whole((wire, fail) => {
    if ((scalarText(wire.name) ?? '') === '') {
      const part = 'key';
      fail(Object.hasOwn(wire, 'name') ? 'name' : [], 'Groupname must not be empty', { code: 'missing-field', part });
    }
    const labels = wire.labels instanceof Labels ? wire.labels : Labels.empty;
    if (labels.has('__name__')) {
      fail(['labels', '__name__'], `invalid label name: ${quoteText('__name__')}`, { code: 'label-name', part: 'key' });
    }
  }),
);

/** A rule file as it is written. */
export const RULE_FILE = object({ groups: defaulted('groups', list(GROUP, 'empty or null rule group'), []) });

export type RawRule = z.output<typeof RULE>;
export type RawGroup = z.output<typeof GROUP>;
