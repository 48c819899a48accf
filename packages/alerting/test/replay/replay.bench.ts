import type { RuleGroup } from '@tillwatch/config';
import { Labels, silentLogger } from '@tillwatch/model';
import { bench, describe } from 'vitest';
import { replayRules } from '../../src/replay/replay.ts';
import { TestStore } from '../../src/rule-tests/test-store.ts';
import { createRuleEngine } from '../../src/rules/rule-engine.ts';

const STEP_MS = 15_000;
const TICKS = 480;
const END_MS = TICKS * STEP_MS;

/** Two hours of a hundred counters. */
function past(): TestStore {
  const store = new TestStore();
  for (let i = 0; i < 100; i++) {
    const labels = Labels.of({
      __name__: 'checkouts_total',
      provider: `p${i % 5}`,
      outcome: i % 7 === 0 ? 'failure' : 'success',
      i: String(i),
    });
    for (let k = 0; k <= TICKS; k++)
      store.append(labels, k * STEP_MS, k * (1 + (i % 3)) + (k > 200 && i % 7 === 0 ? 9 * k : 0));
  }
  return store;
}

const group: RuleGroup = {
  name: 'checkout',
  intervalMs: STEP_MS,
  limit: 0,
  queryOffsetMs: undefined,
  labels: Labels.empty,
  rules: [
    ...['1m', '5m', '30m'].map((window) => ({
      kind: 'recording' as const,
      record: `failing:${window}`,
      expr: `sum by (provider) (increase(checkouts_total{outcome="failure"}[${window}])) / sum by (provider) (increase(checkouts_total[${window}]))`,
      labels: {},
    })),
    {
      kind: 'alerting',
      alert: 'Failing',
      expr: 'failing:1m > 0.4 and failing:5m > 0.3 or failing:5m > 0.3 and on (provider) ALERTS{alertname="Failing"}',
      forMs: 60_000,
      keepFiringForMs: 0,
      labels: { severity: 'page' },
      annotations: { summary: '{{ $labels.provider }} fails' },
    },
  ],
};

describe('two hours of rules over a hundred series', () => {
  const store = past();

  bench('replayed', async () => {
    await replayRules({ groups: [group], queryable: store, fromMs: 0, toMs: END_MS, evaluationIntervalMs: STEP_MS });
  });

  bench('evaluated tick by tick', async () => {
    const written = past();
    const engine = createRuleEngine({
      groups: [{ file: 'rules.yml', groups: [group] }],
      queryable: written,
      store: written,
      clock: { nowMs: () => 0, sleep: () => new Promise(() => undefined) },
      logger: silentLogger,
      externalLabels: Labels.empty,
      externalUrl: '',
      evaluationIntervalMs: STEP_MS,
      onAlerts() {},
    });
    for (let k = 0; k <= TICKS; k++) await engine.evaluate(k * STEP_MS);
  });
});
