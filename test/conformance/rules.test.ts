import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRuleEngine, type RuleFile } from '@tillwatch/alerting';
import { readRuleFile } from '@tillwatch/config';
import { formatProblems, isError, Labels, parseDuration, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { evaluateInstant, parse as parseExpr } from '@tillwatch/promql';
import { afterAll, describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { MemoryStore } from '../../packages/alerting/test/rules/memory-store.ts';
import { readSeries } from './promql-script.ts';

/** Rule tests in the form of `promtool test rules`, played through our rule engine: Prometheus's own, and ours. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const CASES = resolve(process.env.CASES_DIR ?? '../shared/cases');
const TOPIC = join(DATA, 'prometheus', 'unit-tests.json');

interface RuleTestFile {
  readonly rule_files?: readonly string[];
  readonly evaluation_interval?: string;
  readonly fuzzy_compare?: boolean;
  readonly tests: readonly RuleTest[];
}

interface RuleTest {
  readonly name?: string;
  readonly interval?: string;
  readonly start_timestamp?: string | number;
  readonly external_labels?: Record<string, string>;
  readonly external_url?: string;
  readonly input_series?: readonly { readonly series: string; readonly values: string | number }[];
  readonly promql_expr_test?: readonly {
    readonly expr: string;
    readonly eval_time: string | number;
    readonly exp_samples?: readonly { labels?: string; value?: number; histogram?: string }[];
  }[];
  readonly alert_rule_test?: readonly {
    readonly eval_time: string | number;
    readonly alertname: string;
    readonly exp_alerts?: readonly {
      readonly exp_labels?: Record<string, unknown> | null;
      readonly exp_annotations?: Record<string, string> | null;
    }[];
  }[];
}

const MINUTE = 60_000;

function ms(duration: string | number | undefined, otherwise = 0): number {
  if (duration === undefined) return otherwise;
  const parsed = parseDuration(String(duration));
  if (parsed === undefined) throw new Error(`not a duration: ${duration}`);
  return parsed;
}

/** Plays a test file; what comes back is what did not go as it says. */
async function play(
  main: string,
  files: Readonly<Record<string, string>>,
  run: readonly string[] = [],
): Promise<string[]> {
  const file = parseYaml(files[main] ?? '') as RuleTestFile;
  const failures: string[] = [];
  const groups: RuleFile[] = (file.rule_files ?? []).map((name) => {
    const { groups: read, problems } = readRuleFile({ file: name, text: files[name] ?? '' });
    const wrong = problems.filter(isError);
    if (wrong.length > 0) failures.push(formatProblems(wrong));
    return { file: name, groups: read };
  });
  const wanted = (one: RuleTest) => run.length === 0 || run.some((pattern) => new RegExp(pattern).test(one.name ?? ''));
  for (const one of file.tests.filter(wanted)) {
    const found = await playTest(one, groups, ms(file.evaluation_interval, MINUTE), file.fuzzy_compare === true);
    failures.push(...found.map((failure) => `${one.name ?? ''}: ${failure}`));
  }
  return failures;
}

async function playTest(one: RuleTest, groups: readonly RuleFile[], stepMs: number, fuzzy: boolean): Promise<string[]> {
  const start = one.start_timestamp ?? 0;
  const startMs = typeof start === 'number' ? start * 1000 : Date.parse(start);
  const store = new MemoryStore();
  try {
    for (const { series, values } of one.input_series ?? []) {
      const loaded = readSeries(`${series} ${values}`);
      const samples = loaded.values.flatMap((value, i) => {
        if (value === 'histogram' || value === undefined) return [];
        return [[startMs + i * ms(one.interval, stepMs), value] as const];
      });
      store.load(loaded.labels, samples);
    }
  } catch (error) {
    return [(error as Error).message];
  }
  const failures: string[] = [];
  const engine = createRuleEngine({
    groups,
    queryable: store,
    store,
    clock: new ManualClock(startMs),
    logger: silentLogger,
    externalLabels: Labels.of(one.external_labels ?? {}),
    externalUrl: one.external_url ?? '',
    evaluationIntervalMs: stepMs,
    onAlerts() {},
  });
  const alertTests = [...(one.alert_rule_test ?? [])].sort((a, b) => ms(a.eval_time) - ms(b.eval_time));
  const untilMs = Math.max(0, ...[...alertTests, ...(one.promql_expr_test ?? [])].map((check) => ms(check.eval_time)));
  for (let at = 0; at <= untilMs; at += stepMs) {
    await engine.evaluate(startMs + at);
    for (const rule of engine.groups().flatMap((group) => group.rules)) {
      if (rule.health === 'err') failures.push(`rule ${rule.name} at ${at} ms: ${rule.lastError}`);
    }
    while (alertTests[0] !== undefined && ms(alertTests[0].eval_time) < at + stepMs) {
      const check = alertTests.shift();
      if (check === undefined) break;
      const got = engine
        .groups()
        .flatMap((group) => group.rules)
        .flatMap((rule) => (rule.type === 'alerting' && rule.name === check.alertname ? rule.alerts : []))
        .filter((alert) => alert.state === 'firing')
        .map(({ labels, annotations }) => `${Labels.of(labels)} ${Labels.of(annotations)}`)
        .sort();
      const texts = (record: Record<string, unknown> | null | undefined) =>
        Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, String(value)]));
      const expected = (check.exp_alerts ?? [])
        .map(({ exp_labels: labels, exp_annotations: annotations }) => {
          const full = Labels.of({ alertname: check.alertname, ...texts(labels) });
          return `${full} ${Labels.of(texts(annotations))}`;
        })
        .sort();
      if (JSON.stringify(got) !== JSON.stringify(expected)) {
        failures.push(`${check.alertname} at ${check.eval_time}: expected ${expected.join()}, got ${got.join()}`);
      }
    }
  }
  for (const check of one.promql_expr_test ?? []) {
    // Native histograms are not supported yet: what is expected of them is left out.
    if (check.exp_samples?.some((sample) => sample.histogram !== undefined) === true) continue;
    const failure = checkExpr(check.expr, startMs + ms(check.eval_time), check.exp_samples ?? [], store, fuzzy);
    if (failure !== undefined) failures.push(failure);
  }
  return failures;
}

function checkExpr(
  expr: string,
  atMs: number,
  expected: readonly { labels?: string; value?: number }[],
  store: MemoryStore,
  fuzzy: boolean,
): string | undefined {
  const parsed = parseExpr(expr);
  if (!parsed.ok) return formatProblems(parsed.problems);
  try {
    const { value } = evaluateInstant(parsed.expr, atMs, { queryable: store });
    const got =
      value.type === 'vector'
        ? value.samples.map((sample) => [String(sample.labels), sample.value] as const)
        : value.type === 'scalar'
          ? [['{}', value.value] as const]
          : [];
    const same =
      got.length === expected.length &&
      expected.every((sample) => {
        const labels = String(readSeries(`${sample.labels ?? '{}'} 0`).labels);
        return got.some(([key, number]) => key === labels && isSame(number, sample.value ?? 0, fuzzy));
      });
    return same ? undefined : `${expr} at ${atMs}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`;
  } catch (error) {
    return `${expr} at ${atMs}: ${(error as Error).message}`;
  }
}

/** Fuzzy: equal or neighbours among the numbers that a double can hold. */
function isSame(a: number, b: number, fuzzy: boolean): boolean {
  if (Object.is(a, b) || a === b) return true;
  return fuzzy && Math.abs(a - b) <= Math.max(Math.abs(a), Math.abs(b)) * Number.EPSILON;
}

interface UnitTestCase {
  readonly id: string;
  readonly main: string;
  readonly files: Readonly<Record<string, string>>;
  readonly run?: readonly string[];
  readonly pass: boolean;
}

/** Where we differ on purpose, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'prometheus/unit-tests/0015': 'unknown fields of a rule file are always refused: they are spelling mistakes',
  'c05-window-too-short': 'tells of Prometheus 2: since 3.0 the left end of a window is not in it, as here',
};

describe.skipIf(!existsSync(TOPIC))(`rule tests of Prometheus (${DATA})`, () => {
  const all = existsSync(TOPIC)
    ? (JSON.parse(readFileSync(TOPIC, 'utf8')) as { cases: UnitTestCase[] }).cases.filter(
        (one) => !(one.id in DIFFERENCES),
      )
    : [];
  let passed = 0;
  afterAll(() => console.info(`prometheus/unit-tests: ${passed} passed, ${all.length - passed} failed`));

  test.for(all.map((one) => [one.id, one] as const))('%s', async ([, one]) => {
    const failures = await play(one.main, one.files, one.run);
    if (one.pass) expect(failures).toEqual([]);
    else expect(failures).not.toEqual([]);
    passed++;
  });
});

describe.skipIf(!existsSync(CASES))(`rule tests of troubles that shops reported (${CASES})`, () => {
  const all = existsSync(CASES)
    ? readdirSync(CASES).filter((name) => existsSync(join(CASES, name, 'test.yml')) && !(name in DIFFERENCES))
    : [];

  test.for(all)('%s', async (name) => {
    const directory = join(CASES, name);
    const names = readdirSync(directory).filter((file) => file.endsWith('.yml'));
    const files = Object.fromEntries(names.map((file) => [file, readFileSync(join(directory, file), 'utf8')]));
    expect(await play('test.yml', files)).toEqual([]);
  });
});
