// Error budgets as rules: counts of bad and of all events, their ratios over long windows, how fast the budget burns and
// what is left of it, and two alerts. Everything is plain PromQL on the shop's own series.

import { formatDuration } from '@tillwatch/model';
import { type BurnPair, burnPairs, isReachable } from '../objectives/burn-pairs.ts';
import { type BudgetAlertName, budgetAnnotations } from '../objectives/words.ts';
import type { BudgetSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { counted, evidenceAbove, number } from './expressions.ts';
import type { PlannedAlert, PlannedGroup, PlannedRecording } from './planned-rule.ts';

/** The name under which a budget's alerts are grouped: they tell of a state over days and are no part of an incident. */
const JOURNEY = 'objectives';

/** Evidence, in nats, that the objective is missed: chance reaches it in one of e^6 = 400 looks at most. */
const CONVINCING = 6;

/** Windows up to this are summed from minute to minute, longer ones from hour to hour. */
const LONGEST_BY_MINUTE_MS = 6 * 3_600_000;

/** The groups of all budgets; long windows are looked through less often, since an hour more changes them little. */
export function objectiveGroups(config: TillwatchConfig): PlannedGroup[] {
  const base = baseWindow(config);
  const { budgets } = config.objectives;
  if (budgets.length === 0) return [];
  return [
    {
      name: 'objectives',
      intervalMs: 60_000,
      rules: [
        ...budgets.flatMap((budget) => events(budget, base)),
        ...sums(shortWindows(budgets, base), base),
        ...ratios(budgets, shortWindows(budgets, base), base),
      ],
    },
    {
      name: 'objectives-long',
      intervalMs: 300_000,
      rules: [
        ...longSums(longWindows(budgets)),
        ...ratios(budgets, longWindows(budgets), base),
        ...budgets.map((budget) =>
          record(
            'objective:budget_remaining:ratio',
            `1 - objective:error_ratio:${formatDuration(budget.windowMs)}{objective="${budget.name}"} / ${number(1 - budget.target)}`,
            { objective: budget.name, window: formatDuration(budget.windowMs) },
          ),
        ),
      ],
    },
    {
      name: 'objectives-alerts',
      intervalMs: 60_000,
      rules: budgets.flatMap((budget) => [...alert(budget, config, true), ...alert(budget, config, false)]),
    },
  ];
}

interface Window {
  readonly text: string;
  readonly ms: number;
}

/** The shortest window of a pair, or four scrapes where that is longer. */
function baseWindow({ scrape, targets }: TillwatchConfig): Window {
  const slowestMs = Math.max(scrape.intervalMs, ...targets.map(({ intervalMs }) => intervalMs ?? 0));
  const ms = Math.max(300_000, Math.ceil((4 * slowestMs) / 60_000) * 60_000);
  return { text: formatDuration(ms), ms };
}

function shortWindows(budgets: readonly BudgetSettings[], base: Window): Window[] {
  return [base, ...windowsOf(budgets).filter(({ ms }) => ms > base.ms && ms <= LONGEST_BY_MINUTE_MS)];
}

function longWindows(budgets: readonly BudgetSettings[]): Window[] {
  return windowsOf(budgets).filter(({ ms }) => ms > LONGEST_BY_MINUTE_MS);
}

/** Every window that some budget looks through, the shortest first. */
function windowsOf(budgets: readonly BudgetSettings[]): Window[] {
  const all = budgets.flatMap(({ windowMs }) => [
    windowMs,
    ...burnPairs(windowMs).flatMap(({ longMs, shortMs }) => [longMs, shortMs]),
  ]);
  return [...new Set(all)].sort((a, b) => a - b).map((ms) => ({ text: formatDuration(ms), ms }));
}

/** Bad and all events in the last minutes. A budget without any event yet has no series. */
function events({ name, sli }: BudgetSettings, { text: window }: Window): PlannedRecording[] {
  const labels = { objective: name };
  const sum = (selector: string) => `sum(${counted(selector, window)})`;
  if (sli.kind === 'ratio') {
    const total = sum(sli.total);
    return [
      record(`objective:events:increase${window}`, total, labels),
      record(`objective:errors:increase${window}`, `${sum(sli.errors)}\nor ${total} * 0`, labels),
    ];
  }
  const series = (ending: string, matcher = '') => histogramSeries(sli.histogram, ending, matcher);
  const total = sum(series('count'));
  const good = sum(series('bucket', `le=~${JSON.stringify(bucketBound(sli.belowSeconds))}`));
  return [
    record(`objective:events:increase${window}`, total, labels),
    // Without the bucket nothing is known: no error would be a lie.
    record(`objective:errors:increase${window}`, `clamp_min(${total} - ${good}, 0)`, labels),
  ];
}

/** `name{matchers}` with an ending to the name and one more matcher. */
function histogramSeries(selector: string, ending: string, matcher: string): string {
  const match = /^\s*([^\s{]+)\s*(?:\{(.*)\})?\s*$/s.exec(selector);
  const [name, matchers] = [match?.[1] ?? selector, (match?.[2] ?? '').trim().replace(/,$/, '')];
  const all = [matchers, matcher].filter((part) => part !== '').join(',');
  return `${name}_${ending}${all === '' ? '' : `{${all}}`}`;
}

/** A bucket's bound as clients write it: `1`, `1.0` and `2.5`. */
function bucketBound(seconds: number): string {
  const text = number(seconds).replaceAll('.', '\\.');
  return text.includes('.') ? `${text}0*` : `${text}(\\.0)?`;
}

/** Sums over windows of minutes and hours, from counts that overlap: each event is counted as often as a base has minutes. */
function sums(windows: readonly Window[], base: Window): PlannedRecording[] {
  const minutes = base.ms / 60_000;
  return windows
    .slice(1)
    .flatMap(({ text }) =>
      both(text, (what) => `sum_over_time(objective:${what}:increase${base.text}[${text}:1m]) / ${minutes}`),
    );
}

/** Sums over days, from hour to hour. */
function longSums(windows: readonly Window[]): PlannedRecording[] {
  return windows.flatMap(({ text, ms }) => {
    // Days are summed up to the last five minutes, weeks up to the last hour: what is left of a budget can wait so long.
    const step = ms <= 3 * 86_400_000 ? { text: '5m', overlap: 12 } : { text: '1h', overlap: 1 };
    return both(text, (what) => {
      const summed = `sum_over_time(objective:${what}:increase1h[${text}:${step.text}])`;
      return step.overlap === 1 ? summed : `${summed} / ${step.overlap}`;
    });
  });
}

function both(window: string, expr: (what: 'events' | 'errors') => string): PlannedRecording[] {
  return (['events', 'errors'] as const).map((what) => record(`objective:${what}:increase${window}`, expr(what)));
}

function ratios(budgets: readonly BudgetSettings[], windows: readonly Window[], base: Window): PlannedRecording[] {
  return windows.flatMap(({ text, ms }) => {
    const ratio = `objective:error_ratio:${text}`;
    const judged = budgets.filter(({ windowMs }) =>
      burnPairs(windowMs).some(({ longMs, shortMs }) => longMs === ms || Math.max(shortMs, base.ms) === ms),
    );
    return [
      record(ratio, `objective:errors:increase${text} / (objective:events:increase${text} > 0)`),
      ...judged.map(({ name, target }) =>
        record(`objective:burn_rate:${text}`, `${ratio}{objective="${name}"} / ${number(1 - target)}`, {
          objective: name,
        }),
      ),
    ];
  });
}

function alert(budget: BudgetSettings, config: TillwatchConfig, isFast: boolean): PlannedAlert[] {
  const pairs = burnPairs(budget.windowMs).filter(
    (pair) => pair.isFast === isFast && (isReachable(pair, budget.target) || pair.rate === 1),
  );
  if (pairs.length === 0) return [];
  const name: BudgetAlertName = isFast ? 'ErrorBudgetBurnsFast' : 'ErrorBudgetBurnsSlowly';
  const base = baseWindow(config);
  return [
    {
      kind: 'alerting',
      alert: name,
      expr: pairs.map((pair) => `(\n${burning(budget, pair, base)}\n)`).join('\nor\n'),
      forMs: 0,
      // The short windows end an alert soon; a moment's calm is no end.
      keepFiringForMs: isFast ? 300_000 : 1_800_000,
      severity: isFast ? budget.burn : 'inform',
      area: 'platform',
      labels: { journey: JOURNEY, objective: budget.name },
      annotations: budgetAnnotations(name, budget, config),
    },
  ];
}

function burning({ name, target, minimumErrors }: BudgetSettings, pair: BurnPair, base: Window): string {
  const of = (what: string, window: string) => `objective:${what}${window}{objective="${name}"}`;
  const { long } = pair;
  const short = pair.shortMs < base.ms ? base.text : pair.short;
  const rate = number(pair.rate);
  const [errors, total] = [of('errors:increase', long), of('events:increase', long)];
  return [
    `${of('burn_rate:', long)} > ${rate}`,
    `and ${of('burn_rate:', short)} > ${rate}`,
    // A handful of events says little, however large a share of them is bad.
    `and ${errors} >= ${minimumErrors}`,
    `and ${evidenceAbove(errors, total, 1 - target)} > ${CONVINCING}`,
    // A window that has hardly begun holds only what happened since: wait for a sixth of it.
    `and ${of('events:increase', base.text)} offset ${formatDuration(pair.longMs / 6)} >= 0`,
  ].join('\n');
}

function record(name: string, expr: string, labels: Readonly<Record<string, string>> = {}): PlannedRecording {
  return { kind: 'recording', record: name, expr, labels };
}
