import { isError, Labels, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import { readYaml, type YamlReading } from '../yaml/read-yaml.ts';
import type { AlertCheck, ExprCheck, InputSeries, RuleTest, RuleTestFile } from './rule-test.ts';
import { type RawRuleTest, RULE_TEST_FILE } from './schema.ts';

/** How a file of rule tests is read. */
export interface RuleTestReadOptions {
  /** Fields that nobody knows are warned about and left out, instead of refused. */
  readonly ignoreUnknownFields?: boolean;
}

/** What was read; `file` is `undefined` when there is a problem of severity error. */
export interface RuleTestReading {
  readonly file: RuleTestFile | undefined;
  readonly problems: Problem[];
}

const DEFAULT_INTERVAL_MS = 60_000;

/** A test that takes more evaluations than this has its interval or its times wrong. */
const MAX_EVALUATIONS = 1_000_000;

/**
 * Reads a file in the form of `promtool test rules`, strictly: the shape, every expression, and the notation of every series
 * down to the character. Whether it fits its rules is for whoever has them.
 */
export function readRuleTestFile(source: SourceText, options: RuleTestReadOptions = {}): RuleTestReading {
  const unknownFields = options.ignoreUnknownFields === true ? 'warning' : 'error';
  const reading = readYaml(source, RULE_TEST_FILE, { keepSource: true, unknownFields });
  const raw = reading.value;
  if (raw === undefined) return { file: undefined, problems: reading.problems };

  const evaluationIntervalMs = raw.evaluationIntervalMs || DEFAULT_INTERVAL_MS;
  const placed = (field: string) => (text: string, i: number) => ({ text, at: reading.spanAt([field, i]) });
  const file: RuleTestFile = {
    ruleFiles: raw.ruleFiles.map(placed('rule_files')),
    evaluationIntervalMs,
    groupEvalOrder: raw.groupEvalOrder.map(placed('group_eval_order')),
    fuzzyCompare: raw.fuzzyCompare,
    tests: raw.tests.map((test, i) => toTest(test, i, evaluationIntervalMs, reading)),
  };
  const found = file.tests.length === 0 ? [noTests(source)] : file.tests.flatMap((test) => meaning(test, file));
  const problems = [...reading.problems, ...repeatedGroups(file), ...found];
  problems.sort((a, b) => a.at.from - b.at.from);
  return { file: problems.some(isError) ? undefined : file, problems };
}

function toTest(raw: RawRuleTest, index: number, defaultIntervalMs: number, reading: YamlReading<unknown>): RuleTest {
  const path = ['tests', index] as const;
  return {
    name: raw.name || `unnamed#${index}`,
    at: reading.spanAt(raw.name === '' ? path : [...path, 'name']),
    intervalMs: raw.intervalMs || defaultIntervalMs,
    startMs: raw.startMs,
    externalLabels: raw.externalLabels,
    externalUrl: raw.externalUrl,
    inputSeries: raw.inputSeries.map(
      (series, i): InputSeries => ({ ...series, at: reading.spanAt([...path, 'input_series', i, 'series']) }),
    ),
    alertChecks: raw.alertChecks.map(({ alertname, evalTimeMs, expected }, i): AlertCheck => {
      const place = [...path, 'alert_rule_test', i] as const;
      return {
        alertname,
        evalTimeMs,
        expected: expected.map(({ labels, annotations }) => ({
          labels: Labels.of({ ...labels, alertname }),
          annotations: Labels.of(annotations),
        })),
        at: reading.spanAt([...place, 'alertname']),
        nameAt: reading.spanAt([...place, 'alertname']),
        timeAt: reading.spanAt([...place, 'eval_time']),
      };
    }),
    exprChecks: raw.exprChecks.map((check, i): ExprCheck => {
      const place = [...path, 'promql_expr_test', i] as const;
      return { ...check, at: reading.spanAt([...place, 'expr']), timeAt: reading.spanAt([...place, 'eval_time']) };
    }),
  };
}

function noTests(source: SourceText): Problem {
  const hint = 'add tests: with input_series, and alert_rule_test or promql_expr_test';
  return { code: 'rule-test-no-check', severity: 'warning', message: 'no tests', hint, at: spanOf(source) };
}

function repeatedGroups({ groupEvalOrder }: RuleTestFile): Problem[] {
  const seen = new Set<string>();
  return groupEvalOrder.flatMap(({ text, at }): Problem[] => {
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    const message = `group name repeated in evaluation order: ${text}`;
    return [{ code: 'duplicate-name', severity: 'error', message, at }];
  });
}

/** What the shape cannot say of a test. */
function meaning(test: RuleTest, { evaluationIntervalMs }: RuleTestFile): Problem[] {
  const problems: Problem[] = [];
  if (test.alertChecks.length + test.exprChecks.length === 0) {
    problems.push({
      code: 'rule-test-no-check',
      severity: 'warning',
      message: `the test "${test.name}" checks nothing but that the rules can be evaluated`,
      hint: 'add alert_rule_test or promql_expr_test',
      at: test.at,
    });
  }
  const seen = new Set<string>();
  for (const { labels, at } of test.inputSeries) {
    if (seen.has(labels.key)) {
      const message = `the series ${labels} is given twice`;
      problems.push({ code: 'duplicate-name', severity: 'error', message, hint: 'put its values into one line', at });
    }
    seen.add(labels.key);
  }
  for (const { evalTimeMs, timeAt } of [...test.alertChecks, ...test.exprChecks]) {
    if (evalTimeMs / evaluationIntervalMs <= MAX_EVALUATIONS) continue;
    problems.push({
      code: 'wrong-value',
      severity: 'error',
      message: `more than ${MAX_EVALUATIONS} evaluations until then`,
      hint: 'take a longer evaluation_interval',
      at: timeAt,
    });
  }
  return problems;
}
