import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

/**
 * The data source is a variable of the dashboard, not an `__inputs` entry: those are only filled in by hand, so a dashboard
 * that is provisioned from a file would look for a source called "${DS_PROMETHEUS}".
 */
const SOURCE = { type: 'prometheus', uid: '$' + '{datasource}' } as const;

/** An expression and the legend of its series. */
export type Query = readonly [expr: string, legend: string];

/** An empty dashboard of the shop, with its data source to choose and the pages marked. */
export function startDashboard(title: string, uid: string, config: TillwatchConfig): dashboard.DashboardBuilder {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .tags(['tillwatch', 'checkout'])
    .timezone(config.shop.timezone)
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .annotation(
      new dashboard.AnnotationQueryBuilder()
        .name('Alerts')
        .datasource(SOURCE)
        .enable(true)
        .iconColor('red')
        .expr('ALERTS{journey="checkout",alertstate="firing",severity="page"}')
        .titleFormat('{{alertname}}'),
    );
  return config.promotions.length === 0
    ? builder
    : builder.annotation(
        new dashboard.AnnotationQueryBuilder()
          .name('Promotions')
          .datasource(SOURCE)
          .enable(true)
          .iconColor('blue')
          .expr('checkout:promotion:planned_factor{phase="live"}')
          .titleFormat('{{promotion}}'),
      );
}

/** One number, coloured by the thresholds that it is above. */
export function figure(
  title: string,
  expr: string,
  unit: string,
  thresholds: readonly (readonly [from: number | null, color: string])[],
): stat.PanelBuilder {
  return new stat.PanelBuilder()
    .title(title)
    .datasource(SOURCE)
    .unit(unit)
    .height(5)
    .span(6)
    .noValue('no traffic')
    .thresholds(
      new dashboard.ThresholdsConfigBuilder()
        .mode(dashboard.ThresholdsMode.Absolute)
        .steps(thresholds.map(([value, color]) => ({ value, color }))),
    )
    .withTarget(query([expr, title], 0));
}

/** Lines over time, in a panel of a 24th part of the width times `span`. */
export function graph(title: string, span: number, unit: string, queries: readonly Query[]): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder().title(title).datasource(SOURCE).unit(unit).min(0).height(8).span(span);
  queries.forEach((one, i) => {
    builder.withTarget(query(one, i));
  });
  return builder;
}

function query([expr, legend]: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .datasource(SOURCE)
    .expr(expr)
    .legendFormat(legend)
    .range();
}

/** The dashboard as JSON for provisioning. */
export function dashboardJson(builder: dashboard.DashboardBuilder): string {
  const built = builder.build();
  built.panels?.forEach((panel, i) => {
    panel.id = i + 1;
  });
  return `${JSON.stringify(built, null, 2)}\n`;
}
