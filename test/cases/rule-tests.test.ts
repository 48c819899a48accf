import { existsSync, readdirSync } from 'node:fs';
import { runRuleTests } from '@tillwatch/alerting';
import { describe, expect, test } from 'vitest';
import { loadRuleTests } from '../../packages/tillwatch/src/rule-tests/load-rule-tests.ts';
import { failureLines } from '../../packages/tillwatch/src/rule-tests/report.ts';
import { CASES, caseFile, hasCases } from './case-folder.ts';

/** Cases whose file tells of Prometheus 2: what is different since 3.0, check by check. */
const SINCE_PROMETHEUS_3: Readonly<Record<string, readonly string[]>> = {
  // The left end of a window is not in it: one sample in [1m] on the grid, five in [5m].
  'c05-window-too-short': [
    'rate(checkout_total[1m]) at 300000: -{outcome="ok"} 1',
    'count_over_time(checkout_total[5m]) at 300000: -{outcome="ok"} 6 +{outcome="ok"} 5',
  ],
};

describe.skipIf(!hasCases)(`rule tests of troubles that shops reported (${CASES})`, () => {
  const names = hasCases ? readdirSync(CASES).filter((name) => existsSync(caseFile(name, 'test.yml'))) : [];

  test.for(names)('%s', async (name) => {
    const { value, problems } = await loadRuleTests(caseFile(name, 'test.yml'));
    expect(problems).toEqual([]);
    const outcomes = await runRuleTests(value!);
    const failed = outcomes.flatMap(({ checks }) => checks.filter((check) => !check.passed));
    const differences = failed.map(({ subject, evalTimeMs, missing, surplus }) =>
      [`${subject} at ${evalTimeMs}:`, ...missing.map((one) => `-${one}`), ...surplus.map((one) => `+${one}`)].join(
        ' ',
      ),
    );
    expect(differences, failed.flatMap(failureLines).join('\n')).toEqual(SINCE_PROMETHEUS_3[name] ?? []);
  });
});
