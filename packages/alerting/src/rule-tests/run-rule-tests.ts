import type { AlertCheck, ExpectedAlert, ExpectedSample, ExprCheck, RuleTest, RuleTestFile } from '@tillwatch/config';
import { formatDuration, Labels, type Span, type VectorSample } from '@tillwatch/model';
import { formatNumber, type InstantValue } from '@tillwatch/promql';
import type { RuleFile } from '../rules/rule-engine.ts';
import type { RuleStatus } from '../rules/status.ts';
import { difference, sameNumber } from './compare.ts';
import { histogramText } from './histogram-text.ts';
import { type RuleFailure, RuleSimulation } from './simulation.ts';

/** How one check went. */
export interface CheckOutcome {
  /** `rules`: not what the file asks for, but a rule that could not be evaluated. */
  readonly kind: 'alert' | 'expr' | 'rules';
  /** The alert's name, the expression, or the name of the rule that failed. */
  readonly subject: string;
  /** Since the start of the test. */
  readonly evalTimeMs: number;
  readonly at: Span;
  readonly passed: boolean;
  /** What was expected and is not there. */
  readonly missing: readonly string[];
  /** What is there and was not expected. */
  readonly surplus: readonly string[];
  /** Why there is no result; '' when there is one. */
  readonly error: string;
  /** What helps to see why: the alert is pending, the sides of its condition are such and such. */
  readonly notes: readonly string[];
}

/** How one test went. A test ends early at a rule that cannot be evaluated. */
export interface RuleTestOutcome {
  readonly name: string;
  readonly at: Span;
  readonly passed: boolean;
  readonly checks: readonly CheckOutcome[];
  readonly tookMs: number;
}

/** What is run. */
export interface RuleTestRun {
  readonly file: RuleTestFile;
  readonly rules: readonly RuleFile[];
  /** Tells whether a test of this name is wanted; all are when not given. */
  readonly isWanted?: (name: string) => boolean;
}

/** Runs the tests of a file, one after the other. Never rejects for what is wrong with a rule or a test. */
export async function runRuleTests({ file, rules, isWanted }: RuleTestRun): Promise<readonly RuleTestOutcome[]> {
  const outcomes: RuleTestOutcome[] = [];
  for (const test of file.tests) {
    if (isWanted?.(test.name) === false) continue;
    const startedMs = performance.now();
    const checks = await runTest(test, file, rules);
    const passed = checks.every((check) => check.passed);
    outcomes.push({ name: test.name, at: test.at, passed, checks, tookMs: performance.now() - startedMs });
  }
  return outcomes;
}

/** The last moment that a test looks at. */
export function lastCheckMs(test: RuleTest): number {
  return [...test.alertChecks, ...test.exprChecks].reduce((last, { evalTimeMs }) => Math.max(last, evalTimeMs), 0);
}

async function runTest(test: RuleTest, file: RuleTestFile, rules: readonly RuleFile[]): Promise<CheckOutcome[]> {
  const { evaluationIntervalMs } = file;
  const simulation = new RuleSimulation({
    rules,
    series: test.inputSeries.map(({ labels, values }) => ({
      labels,
      intervalMs: test.intervalMs,
      length: values.length,
      at: (index) => values[index],
    })),
    evaluationIntervalMs,
    startMs: test.startMs,
    externalLabels: test.externalLabels,
    externalUrl: test.externalUrl,
    groupOrder: file.groupEvalOrder.map(({ text }) => text),
  });
  const waiting = test.alertChecks.toSorted((a, b) => a.evalTimeMs - b.evalTimeMs);
  const untilMs = lastCheckMs(test);
  const outcomes: CheckOutcome[] = [];
  for (let atMs = 0; atMs <= untilMs; atMs += evaluationIntervalMs) {
    const failures = await simulation.step();
    if (failures.length > 0) return [...outcomes, ...failures.map((failure) => brokenRule(failure, atMs, test))];
    // A moment between two evaluations sees the alerts of the one before it.
    while (waiting[0] !== undefined && waiting[0].evalTimeMs < atMs + evaluationIntervalMs) {
      outcomes.push(checkAlerts(waiting.shift()!, simulation));
    }
  }
  return [...outcomes, ...test.exprChecks.map((check) => checkExpr(check, simulation, file.fuzzyCompare))];
}

function brokenRule({ rule, error }: RuleFailure, evalTimeMs: number, { at }: RuleTest): CheckOutcome {
  return { kind: 'rules', subject: rule, evalTimeMs, at, passed: false, missing: [], surplus: [], error, notes: [] };
}

type AlertingStatus = Extract<RuleStatus, { type: 'alerting' }>;

function checkAlerts(check: AlertCheck, simulation: RuleSimulation): CheckOutcome {
  const { alertname, evalTimeMs, at, expected } = check;
  const rules = simulation.rules().filter((rule): rule is AlertingStatus => {
    return rule.type === 'alerting' && rule.name === alertname;
  });
  const got: ExpectedAlert[] = rules
    .flatMap((rule) => rule.alerts)
    .filter((alert) => alert.state === 'firing')
    .map(({ labels, annotations }) => ({ labels: Labels.of(labels), annotations: Labels.of(annotations) }));
  const { missing, surplus } = difference(
    expected,
    got,
    (wanted, given) => wanted.labels.equals(given.labels) && wanted.annotations.equals(given.annotations),
  );
  const passed = missing.length === 0 && surplus.length === 0;
  const notes = passed
    ? []
    : [
        ...wordByWord(missing, surplus),
        ...(missing.length === 0 ? [] : pending(rules, simulation)),
        ...rules.flatMap((rule) => behind(rule.query, simulation)),
      ];
  return {
    kind: 'alert',
    subject: alertname,
    evalTimeMs,
    at,
    passed,
    missing: missing.map(alertText),
    surplus: surplus.map(alertText),
    error: '',
    notes,
  };
}

function alertText({ labels, annotations }: ExpectedAlert): string {
  const texts = [...annotations].map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `${labels.without(['alertname'])}${texts.join('')}`;
}

/** Where an expected alert and the one that is there instead differ. */
function wordByWord(missing: readonly ExpectedAlert[], surplus: readonly ExpectedAlert[]): string[] {
  if (missing.length !== 1 || surplus.length !== 1) return [];
  const [wanted, given] = [missing[0]!, surplus[0]!];
  const compare = (what: string, a: Labels, b: Labels) =>
    [...new Set([...a.names(), ...b.names()])]
      .filter((name) => a.get(name) !== b.get(name))
      .map((name) => `${what} ${name}: expected ${said(a.get(name))}, got ${said(b.get(name))}`);
  return [
    ...compare('label', wanted.labels, given.labels),
    ...compare('annotation', wanted.annotations, given.annotations),
  ];
}

function said(text: string): string {
  return text === '' ? 'none' : JSON.stringify(text);
}

function pending(rules: readonly AlertingStatus[], simulation: RuleSimulation): string[] {
  const startMs = simulation.startMs;
  return rules.flatMap(({ alerts, forMs }) =>
    alerts
      .filter((alert) => alert.state === 'pending')
      .map(({ labels, activeAtMs }) => {
        const since = formatDuration(activeAtMs - startMs);
        const firesAt = formatDuration(activeAtMs + forMs - startMs);
        const which = Labels.of(labels).without(['alertname']);
        return `pending since ${since}: ${which} fires at ${firesAt}, after its for of ${formatDuration(forMs)}`;
      }),
  );
}

/** The sides of a condition at the last evaluation. */
function behind(query: string, simulation: RuleSimulation): string[] {
  const { elapsedMs } = simulation;
  return simulation
    .observe(query, elapsedMs)
    .map(
      ({ expr, samples }) =>
        `at ${formatDuration(elapsedMs)}, ${expr}: ${samples.length === 0 ? 'nothing' : samples.join(', ')}`,
    );
}

function checkExpr(check: ExprCheck, simulation: RuleSimulation, fuzzy: boolean): CheckOutcome {
  const { expr, evalTimeMs, at } = check;
  const outcome = (missing: readonly string[], surplus: readonly string[], error = ''): CheckOutcome => {
    const passed = missing.length + surplus.length === 0 && error === '';
    return { kind: 'expr', subject: expr, evalTimeMs, at, passed, missing, surplus, error, notes: [] };
  };
  try {
    const expected = check.expected.map(toSample);
    const got = samplesOf(simulation.query(expr, evalTimeMs));
    const { missing, surplus } = difference(expected, got, (wanted, given) => isSame(wanted, given, fuzzy));
    return outcome(missing.map(sampleText), surplus.map(sampleText));
  } catch (error) {
    return outcome([], [], (error as Error).message);
  }
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** In test notation; where it is there, `value` means nothing. */
  readonly histogram: string | undefined;
}

function toSample({ labels, value, histogram }: ExpectedSample | VectorSample): Sample {
  return { labels, value, histogram: histogram === undefined ? undefined : histogramText(histogram) };
}

function isSame(a: Sample, b: Sample, fuzzy: boolean): boolean {
  if (!a.labels.equals(b.labels) || a.histogram !== b.histogram) return false;
  return a.histogram !== undefined || sameNumber(a.value, b.value, fuzzy);
}

function sampleText({ labels, value, histogram }: Sample): string {
  return `${labels} ${histogram ?? formatNumber(value)}`;
}

/** @throws {Error} for what a rule cannot give either */
function samplesOf(value: InstantValue): readonly Sample[] {
  switch (value.type) {
    case 'vector':
      return value.samples.map(toSample);
    case 'scalar':
      return [{ labels: Labels.empty, value: value.value, histogram: undefined }];
    default:
      throw new Error('rule result is not a vector or scalar');
  }
}
