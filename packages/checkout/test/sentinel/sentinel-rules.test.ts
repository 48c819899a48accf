import { readPrometheusConfig, readRuleFile } from '@tillwatch/config';
import { expect, test } from 'vitest';
import { exampleConfig, plan, readTillwatchConfig } from '../../src/index.ts';

const config = readTillwatchConfig({ file: 'tillwatch.yaml', text: exampleConfig({}) }).config!;
const content = (path: string) =>
  plan(config, { sentinel: 'embedded' }).find((file) => file.path === path)?.content ?? '';

test('without a sentinel nothing is written that needs one', () => {
  expect(
    plan(config).filter(({ path, content: text }) => path.includes('sentinel') || text.includes('tillwatch_incident')),
  ).toEqual([]);
});

test('the rules are read without a problem, and prometheus.yml names them', () => {
  const { groups, problems } = readRuleFile({ file: 'rules/sentinel.yml', text: content('rules/sentinel.yml') });
  expect(problems).toEqual([]);
  const alerts = groups.flatMap(({ rules }) => rules).map((rule) => ('alert' in rule ? rule.alert : ''));
  expect(alerts).toEqual([
    'CheckoutErrorRateHigh',
    'CheckoutSuccessfulOrdersDrop',
    'CheckoutAttemptsStopped',
    'CheckoutSilent',
    'CheckoutTargetDown',
    'CheckoutLatencyHigh',
    'CheckoutDeclinesHigh',
    'TillwatchRuleFailures',
  ]);
  const prometheus = content('prometheus.yml');
  expect(readPrometheusConfig({ file: 'prometheus.yml', text: prometheus }).problems).toEqual([]);
  expect(prometheus).toContain('rules/sentinel.yml');
});

test('only lost orders wake somebody; every alert says who found it', () => {
  const text = content('rules/sentinel.yml');
  const severities = [...text.matchAll(/alert: (\w+)[\s\S]*?severity: (\w+)/g)].map(([, alert, severity]) => [
    alert,
    severity,
  ]);
  expect(severities.filter(([, severity]) => severity === 'inform').map(([alert]) => alert)).toEqual([
    'CheckoutDeclinesHigh',
    'TillwatchRuleFailures',
  ]);
  expect(text.match(/detector: sentinel/g)).toHaveLength(severities.length);
});
