import { METRIC_NAME } from '@tillwatch/model';
import type { Comparison } from './compare.ts';
import type { PricedIncident } from './cost.ts';
import type { FiredAlert } from './incidents.ts';
import type { Backtest } from './run-backtest.ts';

/** A backtest as JSON can say it: moments are ISO 8601 in UTC, durations are in seconds. */
export function backtestJson(backtest: Backtest): unknown {
  return {
    rules: backtest.rules,
    from: iso(backtest.fromMs),
    to: iso(backtest.toMs),
    pagesPerWeek: backtest.pagesPerWeek,
    currency: backtest.currency,
    incidents: backtest.incidents.map(incidentJson),
    alerts: backtest.alerts.map(alertJson),
    notifications: backtest.notifications.map(
      ({ atMs, receiver, integrations, groupLabels, reason, status, firing, resolved }) => ({
        at: iso(atMs),
        receiver,
        integrations,
        groupLabels,
        reason,
        status,
        firing: firing.map(({ labels }) => labels),
        resolved: resolved.map(({ labels }) => labels),
      }),
    ),
    missing: backtest.missing,
    failures: backtest.failures.map(({ firstAtMs, ...rest }) => ({ ...rest, first: iso(firstAtMs) })),
  };
}

/** A comparison as JSON can say it, beside the two backtests. */
export function comparisonJson({ pages, alerts, medianLaterMs }: Comparison): unknown {
  return {
    medianLaterSeconds: medianLaterMs === undefined ? null : medianLaterMs / 1_000,
    pages: pages.map(({ ours, theirs, laterMs }) => ({
      a: ours === undefined ? null : incidentJson(ours),
      b: theirs === undefined ? null : incidentJson(theirs),
      laterSeconds: laterMs === undefined ? null : laterMs / 1_000,
    })),
    alerts: alerts.map(({ alert, ours, theirs }) => ({ alert, a: ours, b: theirs })),
  };
}

function incidentJson({ sinceMs, firedAtMs, untilMs, isPage, alerts, told, cost }: PricedIncident): unknown {
  return {
    since: iso(sinceMs),
    fired: iso(firedAtMs),
    until: untilMs === undefined ? null : iso(untilMs),
    page: isPage,
    alerts: alerts.map(({ labels }) => labels),
    told: told.map(toldJson),
    cost: cost ?? null,
  };
}

function alertJson(alert: FiredAlert): unknown {
  const { activeAtMs, firedAtMs, resolvedAtMs, told, quiet, isPage, labels, annotations, group, value } = alert;
  return {
    group,
    alert: alert.alert,
    labels: labels.without([METRIC_NAME]),
    annotations,
    value: Number.isFinite(value) ? value : String(value),
    page: isPage,
    active: iso(activeAtMs),
    fired: iso(firedAtMs),
    resolved: resolvedAtMs === undefined ? null : iso(resolvedAtMs),
    told: told.map(toldJson),
    quiet: quiet === undefined ? null : { at: iso(quiet.atMs), by: quiet.by, because: quiet.because },
  };
}

function toldJson({ receiver, atMs }: { readonly receiver: string; readonly atMs: number }): unknown {
  return { receiver, at: iso(atMs) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
