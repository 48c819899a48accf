import { readRuleFile } from '@tillwatch/config';
import { metricNames, parse } from '@tillwatch/promql';
import { expect, test } from 'vitest';
import { exampleConfig, plan, readTillwatchConfig } from '../src/index.ts';

/** What is always there when anything is scraped, and what the watch and the rules write themselves. */
const NOT_THE_SHOPS =
  /^(?:up|scrape_\w+|process_\w+|alertmanager_\w+|tillwatch_\w+|prometheus_\w+|ALERTS\w*|checkout:.+)$/;

test('a metric that a generated rule reads is missed when it is gone', () => {
  const { config } = readTillwatchConfig({ file: 'tillwatch.yaml', text: exampleConfig({}) });
  const text = plan(config!).find(({ path }) => path === 'rules/checkout.yml')!.content;
  const rules = readRuleFile({ file: 'checkout.yml', text }).groups.flatMap((group) => group.rules);
  const read = (wanted: (name: string) => boolean) => {
    const names = rules
      .filter((rule) => wanted(rule.kind === 'alerting' ? rule.alert : rule.record))
      .map(({ expr }) => {
        const parsed = parse(expr);
        return parsed.ok ? metricNames(parsed.expr) : [];
      });
    return new Set(names.flat().map((name) => name.replace(/_(?:bucket|count|sum)$/, '')));
  };
  // What is recorded as present is what CheckoutMetricGone misses.
  const isWatch = (name: string) => name === 'CheckoutMetricsMissing' || name === 'checkout:metric_present';
  const missed = read(isWatch);
  const unmissed = [...read(() => true)].filter((name) => !missed.has(name) && !NOT_THE_SHOPS.test(name));
  expect(unmissed).toEqual([]);
});
