import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { orderMoney } from './expressions.ts';
import { dashboardJson, figure, graph, type Query, startDashboard } from './grafana-panels.ts';
import type { Windows } from './windows.ts';

/** What the business side looks at: does it work, what comes in, what is being lost. */
export function overviewDashboard(config: TillwatchConfig, windows: Windows): string {
  const { shop, objectives } = config;
  const { unit, pair } = windows;
  const perMinute = (expr: string) => (windows.unitMinutes === 1 ? expr : `${expr} / ${windows.unitMinutes}`);
  const builder = startDashboard(`${shop.name}: checkout`, 'tillwatch-overview', config)
    .withPanel(
      figure('Success rate', `checkout:success_ratio:${pair}{slice="all"}`, 'percentunit', [
        [null, 'red'],
        [objectives.successRate, 'orange'],
        [1 - objectives.errorRate, 'green'],
      ]),
    )
    .withPanel(figure('Orders per minute', perMinute(`checkout:orders:increase${unit}`), 'short', [[null, 'blue']]))
    .withPanel(
      figure(`${shop.currency} per minute`, moneyPerMinute(config, pair), `currency${shop.currency}`, [[null, 'blue']]),
    )
    .withPanel(
      figure('Orders being lost per hour (estimate)', `checkout:lost_orders_per_hour:${pair}`, 'short', [
        [null, 'green'],
        [5, 'orange'],
        [30, 'red'],
      ]),
    )
    .withPanel(
      graph('Orders per minute', 24, 'short', [
        [perMinute(`checkout:orders:increase${unit}`), 'orders'],
        ['checkout:orders:before', 'the hour before'],
        ...(config.promotions.length === 0
          ? []
          : [
              [
                `checkout:promotion:expected_orders:increase${windows.long} / ${windows.units.long * windows.unitMinutes}`,
                'expected of {{promotion}}',
              ] as const,
            ]),
      ]),
    )
    .withPanel(
      graph('Success rate', 12, 'percentunit', [
        [`checkout:success_ratio:${pair}{slice="all"}`, 'success rate'],
        [`vector(${objectives.successRate})`, 'objective'],
      ]),
    )
    .withPanel(
      graph(`${shop.currency} per minute`, 12, `currency${shop.currency}`, [
        [moneyPerMinute(config, pair), shop.currency],
      ]),
    )
    .withPanel(
      graph('Checkouts: started, ordered, declined', 24, 'short', [
        [perMinute(`checkout:attempts:increase${unit}`), 'started'],
        [perMinute(`checkout:orders:increase${unit}`), 'ordered'],
        [perMinute(`checkout:declined:increase${unit}`), 'declined by the bank'],
      ]),
    );
  return dashboardJson(builder);
}

/** What dev and ops look at: which step, provider, region, version; how long; what lies below. */
export function checkoutDashboard(config: TillwatchConfig, windows: Windows): string {
  const { shop, objectives } = config;
  const { unit, pair } = windows;
  const failing = (labels: string) =>
    `sum by (${labels}) (rate(checkout_outcomes_total{outcome="failure",reason_class="technical"}[$__rate_interval])) * 60`;
  const slice = (label: string): Query => [`checkout:error_ratio:${pair}{slice="${label}"}`, `{{${label}}}`];
  const builder = startDashboard(`${shop.name}: checkout in detail`, 'tillwatch-checkout', config)
    .withPanel(
      graph('Error rate', 12, 'percentunit', [
        [`checkout:error_ratio:${pair}{slice="all"}`, 'all'],
        [`vector(${objectives.errorRate})`, 'objective'],
      ]),
    )
    .withPanel(
      graph('Evidence against a healthy shop (nats; pages above 12)', 12, 'short', [
        [
          `topk(5, checkout:error_evidence:${pair})`,
          '{{slice}} {{provider}}{{method}}{{region}}{{channel}}{{version}}{{step}}{{instance}}',
        ],
      ]),
    )
    .withPanel(
      graph('Failures per minute by step and reason', 12, 'short', [[failing('step, reason'), '{{step}} {{reason}}']]),
    )
    .withPanel(graph('Error rate by provider', 12, 'percentunit', [slice('provider')]))
    .withPanel(graph('Error rate by region', 8, 'percentunit', [slice('region')]))
    .withPanel(graph('Error rate by channel', 8, 'percentunit', [slice('channel')]))
    .withPanel(graph('Error rate by version', 8, 'percentunit', [slice('version')]))
    .withRow(new dashboard.RowBuilder('Funnel'))
    .withPanel(
      graph('Checkouts per minute: started, ordered, given up', 12, 'short', [
        [`sum(rate(checkout_attempts_total[$__rate_interval])) * 60`, 'started'],
        [`sum(rate(checkout_outcomes_total{outcome="success"}[$__rate_interval])) * 60`, 'ordered'],
        [
          `sum by (step) (rate(checkout_outcomes_total{outcome="abandoned"}[$__rate_interval])) * 60`,
          'given up at {{step}}',
        ],
      ]),
    )
    .withPanel(
      graph('Checkouts started, and what page views let expect', 12, 'short', [
        [`checkout:attempts:increase${pair}`, 'started'],
        [`checkout:attempts:expected${pair}{slice="all"}`, 'expected'],
      ]),
    )
    .withPanel(
      graph('Declined payments by provider and reason', 12, 'short', [
        [
          `sum by (provider, reason) (rate(checkout_outcomes_total{outcome="failure",reason_class!="technical"}[$__rate_interval])) * 60`,
          '{{provider}} {{reason}}',
        ],
      ]),
    )
    .withPanel(
      graph('Payments taken and orders placed per minute', 12, 'short', [
        [`sum by (provider) (rate(checkout_payments_captured_total[$__rate_interval])) * 60`, '{{provider}} taken'],
        [`sum by (provider) (rate(checkout_orders_placed_total[$__rate_interval])) * 60`, '{{provider}} ordered'],
      ]),
    )
    .withRow(new dashboard.RowBuilder('Response times'))
    .withPanel(
      graph('p95 by step and provider', 12, 's', [[`checkout:step_seconds:p95_${unit}`, '{{step}} {{provider}}']]),
    )
    .withPanel(
      graph('p50 and p95 of whole checkouts', 12, 's', [
        [quantile(0.5, 'checkout_duration_seconds', '{outcome="success"}'), 'p50'],
        [quantile(0.95, 'checkout_duration_seconds', '{outcome="success"}'), 'p95'],
      ]),
    )
    .withRow(new dashboard.RowBuilder('Below the checkout'))
    .withPanel(
      graph('Requests that end in 5xx, per minute', 8, 'short', [
        [`sum by (route, code) (rate(http_requests_total{code=~"5.."}[$__rate_interval])) * 60`, '{{route}} {{code}}'],
      ]),
    )
    .withPanel(
      graph('p95 of HTTP answers', 8, 's', [
        [quantile(0.95, 'http_request_duration_seconds', '', 'route'), '{{route}}'],
      ]),
    )
    .withPanel(
      graph('p95 of database queries', 8, 's', [
        [quantile(0.95, 'db_query_duration_seconds', '', 'operation'), '{{operation}}'],
      ]),
    )
    .withPanel(
      graph('Database connections', 8, 'short', [
        ['sum by (pool, state) (db_pool_connections)', '{{pool}} {{state}}'],
        ['sum by (pool) (db_pool_waiting)', '{{pool}} waiting'],
      ]),
    )
    .withPanel(graph('Targets', 8, 'short', [['up', '{{job}} {{instance}}']]))
    .withPanel(graph('Versions running', 8, 'short', [['count by (version) (app_info)', '{{version}}']]));
  return dashboardJson(builder);
}

function quantile(q: number, metric: string, matchers: string, by = ''): string {
  const labels = by === '' ? 'le' : `${by}, le`;
  return `histogram_quantile(${q}, sum by (${labels}) (rate(${metric}_bucket${matchers}[$__rate_interval])))`;
}

function moneyPerMinute(config: TillwatchConfig, window: string): string {
  return `${orderMoney(config.shop, (selector) => `rate(${selector}[${window}])`)} * 60`;
}
