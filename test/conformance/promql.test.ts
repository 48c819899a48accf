import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Outcome, runScript } from './promql-runner.ts';

/** Prometheus's own PromQL evaluation scripts, read where they lie. */
const DATA = join(resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance'), 'promql');
const isThere = existsSync(DATA);

interface EvalEntry {
  readonly file: string;
  readonly line: number;
  readonly requires: readonly string[];
  readonly native_histogram: boolean;
  readonly start_timestamps: boolean;
  readonly info_function: boolean;
}

const entries: EvalEntry[] = isThere
  ? (JSON.parse(readFileSync(join(DATA, 'index.json'), 'utf8')) as { evals: EvalEntry[] }).evals
  : [];
const files = [...new Set(entries.map((entry) => entry.file))];

/** What an eval needs that is not built yet; `undefined` when it has to pass. */
function missing(entry: EvalEntry): string | undefined {
  if (entry.native_histogram) return 'native histograms';
  if (entry.start_timestamps) return 'start timestamps';
  if (entry.info_function) return 'info()';
  return undefined;
}

describe.skipIf(!isThere)(`PromQL scripts of Prometheus (${DATA})`, () => {
  const table: Record<string, string | number>[] = [];
  const topics = new Map<string, { passed: number; notYet: number }>();

  test.for(files)('%s', (file) => {
    const byLine = new Map(entries.filter((entry) => entry.file === file).map((entry) => [entry.line, entry]));
    const outcomes = runScript(readFileSync(join(DATA, file), 'utf8'));
    expect(outcomes.map((outcome) => outcome.line)).toEqual([...byLine.keys()]);

    const failed: Outcome[] = [];
    let passed = 0;
    let notYet = 0;
    for (const outcome of outcomes) {
      const topic = missing(byLine.get(outcome.line) as EvalEntry);
      if (outcome.failure === undefined) passed++;
      else if (topic === undefined) failed.push(outcome);
      else notYet++;
      if (topic === undefined) continue;
      const counts = topics.get(topic) ?? { passed: 0, notYet: 0 };
      if (outcome.failure === undefined) counts.passed++;
      else counts.notYet++;
      topics.set(topic, counts);
    }
    table.push({ file, evals: outcomes.length, passed, failed: failed.length, 'not supported yet': notYet });
    const report = failed.map((one) => `${file}:${one.line}: ${one.expr}\n    ${one.failure}`).join('\n');
    expect(report).toBe('');
  });

  afterAll(() => {
    console.table(table);
    console.table([...topics].map(([topic, counts]) => ({ 'not supported yet': topic, ...counts })));
  });
});
