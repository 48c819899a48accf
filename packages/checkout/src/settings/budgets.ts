import { parse, type VectorSelector } from '@tillwatch/promql';
import { burnPairs, isReachable } from '../objectives/burn-pairs.ts';
import type { ReportProblem } from './report-problem.ts';
import type { WrittenConfig } from './schema.ts';
import type { BudgetSettings, ServiceLevelIndicator } from './tillwatch-config.ts';

type WrittenBudget = NonNullable<WrittenConfig['objectives']>['budgets'][number];

/** The name of the budget that every shop has; one of the same name in tillwatch.yaml takes its place. */
const CHECKOUT = 'checkout';

const DAY_MS = 86_400_000;

/** Two weeks of samples tell little about a year, and a budget of an hour is none. */
const SHORTEST_MS = DAY_MS;
const LONGEST_MS = 92 * DAY_MS;

/** The error budgets of a tillwatch.yaml without errors. The checkout's own only informs: its failures page by other rules. */
export function settleBudgets(written: WrittenConfig): BudgetSettings[] {
  const own = (written.objectives?.budgets ?? []).map(settleBudget);
  const checkout: BudgetSettings = {
    name: CHECKOUT,
    description: 'Checkouts that end technically well.',
    target: written.objectives?.success?.target ?? 0.95,
    windowMs: Math.min(30 * DAY_MS, Math.max(SHORTEST_MS, written.retention)),
    sli: {
      kind: 'ratio',
      errors: 'checkout_outcomes_total{outcome="failure",reason_class="technical"}',
      total: 'checkout_outcomes_total{outcome=~"success|failure",reason_class=~"|technical"}',
    },
    burn: 'inform',
    minimumErrors: 10,
  };
  return own.some(({ name }) => name === CHECKOUT) ? own : [checkout, ...own];
}

function settleBudget(written: WrittenBudget): BudgetSettings {
  const { name, description, target, window, errors, total, latency, burn, minimumErrors } = written;
  const sli: ServiceLevelIndicator =
    latency === undefined
      ? { kind: 'ratio', errors: errors ?? '', total: total ?? '' }
      : { kind: 'latency', histogram: latency.histogram, belowSeconds: latency.below / 1_000 };
  return { name, description: description ?? name, target, windowMs: window, sli, burn, minimumErrors };
}

/** Reports budgets of one name, indicators that are no counters, windows that cannot be kept, and targets no rule can miss. */
export function checkBudgets(written: WrittenConfig, reportProblem: ReportProblem): void {
  const budgets = written.objectives?.budgets ?? [];
  budgets.forEach((budget, i) => {
    const at = (...path: (string | number)[]) => ['objectives', 'budgets', i, ...path];
    if (budgets.findIndex(({ name }) => name === budget.name) < i) {
      reportProblem(
        at('name'),
        'duplicate-name',
        `there are two budgets named "${budget.name}"`,
        'give each its own name',
      );
    }
    checkIndicator(budget, at, reportProblem);
    if (budget.window < SHORTEST_MS || budget.window > LONGEST_MS) {
      reportProblem(at('window'), 'budget-window', 'an error budget is kept over 1 to 92 days', 'write 7d, 28d or 30d');
    } else if (budget.window > written.retention) {
      reportProblem(
        at('window'),
        'budget-window',
        'the window is longer than samples are kept, so what is left of the budget cannot be known',
        'make it shorter, or retention longer',
        'warning',
      );
    }
    const pages = burnPairs(budget.window).filter(({ isFast }) => isFast);
    if (!pages.some((pair) => isReachable(pair, budget.target))) {
      reportProblem(
        at('target'),
        'budget-unreachable',
        `with a target of ${Number((budget.target * 100).toPrecision(6))}% the budget cannot burn fast: even when everything fails it lasts for days`,
        'nobody is told before it burns for hours; raise the target if that is too late',
        'warning',
      );
    }
  });
}

function checkIndicator(
  { errors, total, latency }: WrittenBudget,
  at: (...path: (string | number)[]) => (string | number)[],
  reportProblem: ReportProblem,
): void {
  if (latency !== undefined) {
    if (errors !== undefined || total !== undefined) {
      reportProblem(at(), 'budget-indicator', 'there are two indicators', 'keep latency, or errors with total');
    }
    const selector = counterAt(latency.histogram, at('latency', 'histogram'), reportProblem);
    if (selector !== undefined && /_(?:bucket|count|sum)$/.test(selector.name)) {
      reportProblem(
        at('latency', 'histogram'),
        'budget-indicator',
        `"${selector.name}" is one of the histogram's series`,
        `write its name without the ending: ${selector.name.replace(/_(?:bucket|count|sum)$/, '')}`,
      );
    }
    return;
  }
  if (errors === undefined || total === undefined) {
    reportProblem(
      at(),
      'budget-indicator',
      'what is good and what is bad?',
      'add errors: and total: with a counter each, or latency: { histogram: …, below: 2s }',
    );
  }
  if (errors !== undefined) counterAt(errors, at('errors'), reportProblem);
  if (total !== undefined) counterAt(total, at('total'), reportProblem);
}

/** The one selector that a text must be, named and without a window; what is wrong is reported. */
function counterAt(text: string, path: (string | number)[], reportProblem: ReportProblem): VectorSelector | undefined {
  const parsed = parse(text);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    reportProblem(
      path,
      'budget-indicator',
      `"${text}" is not PromQL: ${first?.message ?? ''}`,
      first?.hint ?? 'write a selector',
    );
    return undefined;
  }
  const { expr } = parsed;
  if (expr.kind !== 'vectorSelector' || expr.name === '' || expr.offsetMs !== 0 || expr.atModifier !== undefined) {
    reportProblem(
      path,
      'budget-indicator',
      `"${text}" is not one counter`,
      'write one selector, such as http_requests_total{code=~"5.."}; the rules take its rate themselves',
    );
    return undefined;
  }
  return expr;
}
