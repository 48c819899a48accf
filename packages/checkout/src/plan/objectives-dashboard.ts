import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { formatDuration } from '@tillwatch/model';
import { burnPairs, isReachable } from '../objectives/burn-pairs.ts';
import type { BudgetSettings, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { dashboardJson, figure, graph, startDashboard } from './grafana-panels.ts';

/** What is left of each error budget, and how fast it burns: one row a budget. */
export function objectivesDashboard(config: TillwatchConfig): string {
  const builder = startDashboard(`${config.shop.name}: error budgets`, 'tillwatch-objectives', config).time({
    from: 'now-7d',
    to: 'now',
  });
  for (const budget of config.objectives.budgets) addRow(builder, budget);
  return dashboardJson(builder);
}

function addRow(builder: dashboard.DashboardBuilder, { name, target, windowMs }: BudgetSettings): void {
  const window = formatDuration(windowMs);
  const of = (what: string) => `${what}{objective="${name}"}`;
  const percent = `${Number((target * 100).toPrecision(8))}%`;
  const slowest = burnPairs(windowMs).filter((pair) => isReachable(pair, target));
  builder
    .withRow(new dashboard.RowBuilder(`${name}: ${percent} over ${window}`))
    .withPanel(
      figure('Budget left', of('objective:budget_remaining:ratio'), 'percentunit', [
        [null, 'red'],
        [0, 'orange'],
        [0.25, 'green'],
      ]),
    )
    .withPanel(
      figure(`Good events over ${window}`, `1 - ${of(`objective:error_ratio:${window}`)}`, 'percentunit', [
        [null, 'red'],
        [target, 'green'],
      ]),
    )
    .withPanel(
      graph('Burn rate (1: the budget lasts exactly its window)', 12, 'short', [
        ...slowest.map(({ long }) => [of(`objective:burn_rate:${long}`), `over ${long}`] as const),
        ...slowest.slice(0, 1).map(({ rate }) => [`vector(${rate})`, 'tells at'] as const),
      ]),
    );
}
