import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { plan } from '../../src/plan/plan.ts';
import { exampleConfig } from '../../src/settings/example-config.ts';
import { readTillwatchConfig } from '../../src/settings/read-tillwatch-config.ts';

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string }[] }[];
}

test('every alert of every generated rule file is looked at by a generated rule test', () => {
  const text = exampleConfig({}).replace(
    /^promotions: \[\]$/m,
    'promotions: [{ name: Sale, from: 2030-11-29T00:00:00Z, to: 2030-11-30T00:00:00Z, expectedFactor: 4 }]',
  );
  const { config, problems } = readTillwatchConfig({ file: 'tillwatch.yaml', text });
  expect(problems).toEqual([]);
  const files = plan(config!, { sentinel: 'embedded' }).filter(({ path }) => path.startsWith('rules/'));
  const isTest = (path: string) => path.endsWith('.test.yml');
  const tests = files
    .filter(({ path }) => isTest(path))
    .map(({ content }) => content)
    .join('\n');
  const alerts = files
    .filter(({ path }) => !isTest(path))
    .flatMap(({ content }) => (parse(content) as RuleFile).groups)
    .flatMap(({ rules }) => rules.map(({ alert }) => alert))
    .filter((alert) => alert !== undefined);
  expect(new Set(alerts).size).toBeGreaterThan(20);
  const untested = [...new Set(alerts)].filter((alert) => !new RegExp(`\\b${alert}\\b`).test(tests));
  expect(untested).toEqual([]);
});
