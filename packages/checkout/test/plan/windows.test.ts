import { expect, test } from 'vitest';
import { exampleConfig, readTillwatchConfig } from '../../src/index.ts';
import { windowsFor } from '../../src/plan/windows.ts';

test.for([
  ['5s', '1m', 11 / 12, '30s'],
  ['15s', '1m', 0.75, '50s'],
  ['30s', '2m', 0.75, '1m40s'],
  ['60s', '4m', 0.75, '3m20s'],
] as const)('scrapes every %s: a unit of %s', ([interval, unit, coverage, down]) => {
  const text = exampleConfig({}).replace('interval: 15s', `interval: ${interval}`);
  const windows = windowsFor(readTillwatchConfig({ file: 'tillwatch.yaml', text }).config!);
  expect(windows).toMatchObject({ unit, down });
  expect(windows.coverage.pair).toBeCloseTo(coverage, 9);
  expect(windows.coverage.long).toBeCloseTo(1 - (1 - coverage) / 10, 9);
});
