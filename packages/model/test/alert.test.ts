import { expect, test } from 'vitest';
import { type Alert, alertName, isResolved } from '../src/alert.ts';
import { Labels } from '../src/labels.ts';

const alert: Alert = {
  labels: Labels.of({ alertname: 'CheckoutErrors', severity: 'page' }),
  annotations: Labels.empty,
  startsAtMs: 1_000,
  endsAtMs: 2_000,
  generatorUrl: '',
};

test.for([
  [0, false],
  [1_999, false],
  [2_000, true],
  [3_000, true],
] as const)('an alert that ends at 2000 is resolved at %d: %s', ([nowMs, resolved]) => {
  expect(isResolved(alert, nowMs)).toBe(resolved);
});

test('an alert is called by its label, and one without has no name', () => {
  expect(alertName(alert)).toBe('CheckoutErrors');
  expect(alertName({ ...alert, labels: Labels.empty })).toBe('');
});
