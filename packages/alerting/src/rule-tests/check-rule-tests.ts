import type { AlertCheck, ExprCheck, RuleTest, RuleTestFile } from '@tillwatch/config';
import { closest, formatDuration, type Problem, type Span } from '@tillwatch/model';
import type { RuleFile } from '../rules/rule-engine.ts';
import { RuleGraph, type Sight, unfedReads } from './rule-graph.ts';
import { lastCheckMs } from './run-rule-tests.ts';

/**
 * Finds checks that say nothing about the rules, whatever the rules do: of an alert that no rule has, before its `for` can be
 * over, after the end of the data, about series that the test does not have.
 */
export function checkRuleTests(file: RuleTestFile, rules: readonly RuleFile[]): Problem[] {
  const graph = new RuleGraph(rules);
  return [
    ...unknownGroups(file, rules),
    ...file.tests.flatMap((test) => [
      ...test.alertChecks.flatMap((check) => checkAlert(check, file, graph)),
      ...offGrid(test, file),
      ...beyondData(test, graph),
      ...withoutData(test, graph),
    ]),
  ];
}

function unknownGroups({ groupEvalOrder }: RuleTestFile, rules: readonly RuleFile[]): Problem[] {
  const names = rules.flatMap(({ groups }) => groups.map(({ name }) => name));
  return groupEvalOrder
    .filter(({ text }) => !names.includes(text))
    .map(({ text, at }) => ({
      code: 'rule-test-unknown-group',
      severity: 'error',
      message: `no rule file has a group "${text}"`,
      hint: didYouMean(text, names),
      at,
    }));
}

function didYouMean(word: string, names: readonly string[]): string {
  const near = closest(word, names);
  if (near !== undefined) return `did you mean ${near}?`;
  if (names.length === 0) return 'the rule files have none; are rule_files right?';
  return `there ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`;
}

function checkAlert(check: AlertCheck, { evaluationIntervalMs }: RuleTestFile, graph: RuleGraph): Problem[] {
  const { alertname, evalTimeMs, expected } = check;
  const rules = graph.alerting(alertname);
  if (rules.length === 0) {
    const message = `no rule file has an alert "${alertname}", so it never fires`;
    const hint =
      graph.recordedAs(alertname).length > 0
        ? 'it is a recording rule: test its value with promql_expr_test'
        : didYouMean(alertname, graph.alertNames);
    return [{ code: 'rule-test-unknown-alert', severity: 'error', message, hint, at: check.nameAt }];
  }
  if (expected.length === 0) return [];
  const evaluatedMs = Math.floor(evalTimeMs / evaluationIntervalMs) * evaluationIntervalMs;
  const shortestMs = Math.min(...rules.map(({ forMs }) => forMs));
  if (evaluatedMs < shortestMs) {
    const message = `${alertname} cannot fire at ${formatDuration(evalTimeMs)}: its for is ${formatDuration(shortestMs)}`;
    const hint = `test it at ${formatDuration(shortestMs)} or later, or expect nothing: exp_alerts: []`;
    return [{ code: 'rule-test-never-applies', severity: 'error', message, hint, at: check.timeAt }];
  }
  return expected.flatMap(({ labels }) => {
    const contradiction = rules.map((rule) => contradictionTo(rule.labels, labels));
    // One rule of the name that can give such labels is enough.
    const first = contradiction.every((one) => one !== undefined) ? contradiction[0] : undefined;
    if (first === undefined) return [];
    const message = `${alertname} always has ${first.name}="${first.value}", here ${first.name}="${labels.get(first.name)}" is expected`;
    const hint = `write ${first.name}: ${first.value}`;
    return [{ code: 'rule-test-never-applies', severity: 'error' as const, message, hint, at: check.nameAt }];
  });
}

/** A label that the rule sets to a fixed text, and that is expected to be another. */
function contradictionTo(fixed: Readonly<Record<string, string>>, expected: { get(name: string): string }) {
  const found = Object.entries(fixed).find(
    ([name, value]) => name !== 'alertname' && !value.includes('{{') && expected.get(name) !== value,
  );
  return found === undefined ? undefined : { name: found[0], value: found[1] };
}

/** Series are loaded as far as the rules are evaluated: what comes after the last evaluation is not there yet. */
function offGrid(test: RuleTest, { evaluationIntervalMs }: RuleTestFile): Problem[] {
  const lastMs = Math.floor(lastCheckMs(test) / evaluationIntervalMs) * evaluationIntervalMs;
  return test.exprChecks.flatMap((check): Problem[] => {
    const unseenMs = Math.floor(check.evalTimeMs / test.intervalMs) * test.intervalMs;
    const hasSample = test.inputSeries.some(({ values }) => values[unseenMs / test.intervalMs] !== undefined);
    if (unseenMs <= lastMs || !hasSample) return [];
    return [
      {
        code: 'rule-test-off-grid',
        severity: 'warning',
        message: `the samples at ${formatDuration(unseenMs)} are not seen at ${formatDuration(check.evalTimeMs)}: the last evaluation is at ${formatDuration(lastMs)}`,
        hint: 'take an evaluation_interval of which eval_time is a multiple',
        at: check.timeAt,
      },
    ];
  });
}

type Check = AlertCheck | ExprCheck;

function checksOf(test: RuleTest): readonly Check[] {
  return [...test.alertChecks, ...test.exprChecks];
}

/** What a check looks at, and how long it stays once seen. */
function sightOf(check: Check, graph: RuleGraph): Sight & { readonly keptMs: number } {
  if ('expr' in check) return { ...graph.sight([check.expr]), keptMs: 0 };
  const rules = graph.alerting(check.alertname);
  const keptMs = Math.max(0, ...rules.map((rule) => rule.keepFiringForMs));
  return { ...graph.sight(rules.map(({ expr }) => expr)), keptMs };
}

/**
 * Nothing is there long after the last sample, so a check that expects nothing passes whatever the rules say. Unless the end
 * is what is tested: then a series ends with `stale` or `_`, or another check expects something at that time.
 */
function beyondData(test: RuleTest, graph: RuleGraph): Problem[] {
  if (test.inputSeries.length === 0) return [];
  const endMs = Math.max(...test.inputSeries.map(({ values }) => (values.length - 1) * test.intervalMs));
  if (test.inputSeries.some(({ values }) => values.findLast((value) => value !== undefined) === 'stale')) return [];
  const beyond = checksOf(test).filter((check) => {
    const { reachMs, keptMs, needsNoSeries } = sightOf(check, graph);
    return !needsNoSeries && check.evalTimeMs > endMs + reachMs + keptMs;
  });
  const later = checksOf(test).filter(({ evalTimeMs }) => evalTimeMs > endMs);
  if (later.some(({ expected }) => expected.length > 0)) return [];
  return beyond.map(({ evalTimeMs, timeAt }) => ({
    code: 'rule-test-never-applies',
    severity: 'error',
    message: `nothing can be there at ${formatDuration(evalTimeMs)}: the series end at ${formatDuration(endMs)}`,
    hint: 'give them more values (x100); when their end is what you test, say so with stale or _x20',
    at: timeAt,
  }));
}

/** Checks that expect nothing, of expressions that read only series which the test does not have. */
function withoutData(test: RuleTest, graph: RuleGraph): Problem[] {
  if (test.inputSeries.length === 0) return [];
  return checksOf(test).flatMap((check): Problem[] => {
    const series = test.inputSeries.map(({ labels }) => labels);
    const wanted = check.expected.length > 0 ? undefined : unfedReads(sightOf(check, graph), series);
    if (wanted === undefined) return [];
    const names = [...new Set(test.inputSeries.map(({ labels }) => labels.metricName))];
    const slip = names.find((name) => wanted.some((other) => isSlip(name, other)));
    const near = slip ?? closest(wanted[0]!, names);
    return [
      {
        code: slip === undefined ? 'rule-test-no-data' : 'rule-test-never-applies',
        severity: slip === undefined ? 'warning' : 'error',
        message: `no series of this test is read by ${subjectOf(check)}, so the check passes whatever the rule says`,
        hint: `it reads ${wanted.slice(0, 4).join(', ')}${near === undefined || wanted.includes(near) ? '; do the labels fit?' : `; the test has ${near}`}`,
        at: placeOf(check),
      },
    ];
  });
}

function subjectOf(check: Check): string {
  return 'expr' in check ? 'the expression' : check.alertname;
}

function placeOf(check: Check): Span {
  return 'expr' in check ? check.at : check.nameAt;
}

/** One letter more, less, other or swapped: a slip of the hand and no other name. */
function isSlip(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  const [restA, restB] = [a.slice(from), b.slice(from)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
