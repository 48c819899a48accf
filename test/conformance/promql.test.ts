import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runScript } from './promql-runner.ts';

/** Prometheus's own PromQL evaluation scripts, read where they lie; another folder of that shape can be named. */
const DATA = join(resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance'), 'promql');
const files = existsSync(DATA) ? readdirSync(DATA).filter((name) => name.endsWith('.test')) : [];

/** What is said about an eval beside the scripts. */
interface EvalEntry {
  readonly file: string;
  readonly line: number;
  readonly requires: readonly string[];
  readonly native_histogram: boolean;
  readonly start_timestamps: boolean;
  readonly info_function: boolean;
}

const INDEX = join(DATA, 'index.json');
const entries: readonly EvalEntry[] = existsSync(INDEX)
  ? (JSON.parse(readFileSync(INDEX, 'utf8')) as { evals: EvalEntry[] }).evals
  : [];

const FEATURES: readonly (readonly [feature: string, topic: string])[] = [
  ['experimental-functions', 'experimental functions'],
  ['duration-expr', 'duration expressions'],
  ['extended-range-selectors', 'extended ranges'],
  ['binop-fill-modifiers', 'fill'],
];

/** What an eval is about; it may be about several things. */
function topicsOf(entry: EvalEntry | undefined): readonly string[] {
  if (entry === undefined) return ['not in the index'];
  const topics = FEATURES.filter(([feature]) => entry.requires.includes(feature)).map(([, topic]) => topic);
  if (entry.native_histogram) topics.push('native histograms');
  if (entry.start_timestamps) topics.push('start timestamps');
  if (entry.info_function) topics.push('info()');
  return topics.length === 0 ? ['plain'] : topics;
}

describe.skipIf(files.length === 0)(`PromQL scripts of Prometheus (${DATA})`, () => {
  const perFile: Record<string, string | number>[] = [];
  const perTopic = new Map<string, { passed: number; failed: number }>();

  test.for(files)('%s', (file) => {
    const known = entries.filter((entry) => entry.file === file);
    const outcomes = runScript(readFileSync(join(DATA, file), 'utf8'));
    if (known.length > 0) expect(outcomes.map(({ line }) => line)).toEqual(known.map(({ line }) => line));

    const byLine = new Map(known.map((entry) => [entry.line, entry]));
    for (const { line, failure } of outcomes) {
      for (const topic of topicsOf(byLine.get(line))) {
        const counts = perTopic.get(topic) ?? { passed: 0, failed: 0 };
        counts[failure === undefined ? 'passed' : 'failed']++;
        perTopic.set(topic, counts);
      }
    }
    const failed = outcomes.filter(({ failure }) => failure !== undefined);
    perFile.push({ file, evals: outcomes.length, passed: outcomes.length - failed.length, failed: failed.length });
    expect(failed.map(({ line, expr, failure }) => `${file}:${line}: ${expr}\n    ${failure}`).join('\n')).toBe('');
  });

  afterAll(() => {
    console.table(perFile);
    console.table([...perTopic].map(([topic, counts]) => ({ topic, ...counts })));
  });
});
