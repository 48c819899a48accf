import { formatDuration, invariant, quote } from '@tillwatch/model';
import { parse, type VectorSelector } from '@tillwatch/promql';
import { burnPairs, isReachable } from '../objectives/burn-pairs.ts';
import { sampleLabels } from '../objectives/sample-labels.ts';
import type { BudgetAlertName } from '../objectives/words.ts';
import type { BudgetSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { yamlFile } from './yaml-file.ts';

interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** How the made-up events of a test go: so many minutes well, then so many with a share of bad ones. */
interface Course {
  readonly wellMinutes: number;
  readonly badMinutes: number;
  readonly badShare: number;
}

/**
 * Unit tests of the budgets' rules for `promtool test rules`: each alert fires on events that go wrong as it watches for,
 * and is quiet before. A budget whose selectors no made-up series can be found for has no test; `undefined` when none has.
 */
export function objectiveTestFile(config: TillwatchConfig): string | undefined {
  const tests = config.objectives.budgets.flatMap((budget) => [
    ...fastTest(budget, config),
    ...slowTest(budget, config),
  ]);
  if (tests.length === 0) return undefined;
  return yamlFile('Tests of the error budgets: promtool test rules rules/objectives.test.yml', {
    rule_files: ['objectives.yml'],
    // As often as the long windows are looked through; the short ones lose nothing that these tests are about.
    evaluation_interval: '5m',
    tests,
  });
}

/** Everything fails after an hour that was well. */
function fastTest(budget: BudgetSettings, config: TillwatchConfig): unknown[] {
  if (!burnPairs(budget.windowMs).some((pair) => pair.isFast && isReachable(pair, budget.target))) return [];
  const course = { wellMinutes: 60, badMinutes: 80, badShare: 1 };
  return testOf(budget, config, 'ErrorBudgetBurnsFast', `everything fails`, course, 80);
}

/** A little more fails than the objective allows, for half a day. */
function slowTest(budget: BudgetSettings, config: TillwatchConfig): unknown[] {
  if (!burnPairs(budget.windowMs).some((pair) => !pair.isFast && pair.rate === 1)) return [];
  const course = { wellMinutes: 30, badMinutes: 750, badShare: 1.25 * (1 - budget.target) };
  return testOf(budget, config, 'ErrorBudgetBurnsSlowly', 'a little too much fails, for long', course, 750);
}

function testOf(
  budget: BudgetSettings,
  config: TillwatchConfig,
  alert: BudgetAlertName,
  what: string,
  course: Course,
  afterMinutes: number,
): unknown[] {
  const series = eventSeries(budget, config, course);
  if (series === undefined) return [];
  const expr = `group(ALERTS{alertname="${alert}",objective="${budget.name}",alertstate="firing"})`;
  return [
    {
      name: `${budget.name}: ${what}`,
      interval: '1m',
      input_series: series,
      promql_expr_test: [
        { expr, eval_time: formatDuration(course.wellMinutes * 60_000), exp_samples: [] },
        {
          expr,
          eval_time: formatDuration((course.wellMinutes + afterMinutes) * 60_000),
          exp_samples: [{ labels: '{}', value: 1 }],
        },
      ],
    },
  ];
}

function eventSeries(
  { sli, target }: BudgetSettings,
  config: TillwatchConfig,
  course: Course,
): InputSeries[] | undefined {
  const where = { job: config.targets[0]?.job ?? 'shop', instance: 'shop-0:3000' };
  // So many events that ten bad ones a minute would just be allowed.
  const events = 10 / (1 - target);
  const bad = events * course.badShare;
  const series = (name: string, labels: Readonly<Record<string, string>>, before: number, after: number) => ({
    series: `${name}{${Object.entries({ ...where, ...labels })
      .map(([label, value]) => `${label}=${quote(value)}`)
      .join(',')}}`,
    values: ramp(course, before, after),
  });
  if (sli.kind === 'latency') {
    const { name, matchers } = selector(sli.histogram);
    const labels = sampleLabels(matchers);
    if (labels === undefined) return undefined;
    const le = String(sli.belowSeconds);
    return [
      series(`${name}_count`, labels, events, events),
      series(`${name}_bucket`, { ...labels, le }, events, events - bad),
      series(`${name}_bucket`, { ...labels, le: '+Inf' }, events, events),
    ];
  }
  const [errors, total] = [selector(sli.errors), selector(sli.total)];
  const isOneMetric = errors.name === total.name;
  const wrong = sampleLabels(isOneMetric ? [...errors.matchers, ...total.matchers] : errors.matchers);
  const right = sampleLabels(total.matchers, isOneMetric ? errors.matchers : []);
  if (wrong === undefined || right === undefined) return undefined;
  return [series(errors.name, wrong, 0, bad), series(total.name, right, events, isOneMetric ? events - bad : events)];
}

function selector(text: string): VectorSelector {
  const parsed = parse(text);
  invariant(parsed.ok && parsed.expr.kind === 'vectorSelector', `a budget's "${text}" is no selector`);
  return parsed.expr;
}

function ramp({ wellMinutes, badMinutes }: Course, before: number, after: number): string {
  const round = (value: number) => Number(value.toPrecision(9));
  const reached = round(before) * wellMinutes;
  return `0+${round(before)}x${wellMinutes} ${round(reached + after)}+${round(after)}x${badMinutes - 1}`;
}
