import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblems, type Problem, type SourceText } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { readAlertmanagerConfig, readPrometheusConfig, readRuleFile } from '../src/index.ts';

/** Files with mistakes, and beside each the whole report that a person gets to see. */
const VECTORS = join(import.meta.dirname, 'vectors');

const readers: Readonly<Record<string, (source: SourceText) => readonly Problem[]>> = {
  prometheus: (source) => readPrometheusConfig(source).problems,
  rules: (source) => readRuleFile(source, { scrapeIntervalMs: 15_000 }).problems,
  alertmanager: (source) => readAlertmanagerConfig(source).problems,
};

const files = readdirSync(VECTORS).filter((file) => file.endsWith('.bad'));

test.for(files)('%s is reported in full', (file) => {
  const kind = file.replace(/[-.].*$/, '');
  const report = formatProblems(readers[kind]!({ file, text: readFileSync(join(VECTORS, file), 'utf8') }));
  const expected = join(VECTORS, file.replace('.bad', '.report'));
  if (process.env.UPDATE_VECTORS === '1') writeFileSync(expected, `${report}\n`);
  expect(`${report}\n`).toBe(readFileSync(expected, 'utf8'));
});
