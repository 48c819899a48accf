import type { PastNotification, QuietAlert, ReplayedAlert } from '@tillwatch/alerting';
import type { RuleGroup } from '@tillwatch/config';
import type { Labels } from '@tillwatch/model';

/** When one receiver was told first. */
interface Told {
  readonly receiver: string;
  readonly atMs: number;
}

/** An alert that fired, with what followed from it. */
export interface FiredAlert extends ReplayedAlert {
  /** Loud enough to wake somebody. */
  readonly isPage: boolean;
  /** The first message to each receiver in which it fires, by time. */
  readonly told: readonly Told[];
  /** What kept it quiet, when something did. */
  readonly quiet: QuietAlert | undefined;
}

/** Alerts that fired at the same time: one trouble, as far as rules can tell. */
export interface Incident {
  /** Since when the first of the conditions held. */
  readonly sinceMs: number;
  readonly firedAtMs: number;
  /** `undefined`: still firing at the end. */
  readonly untilMs: number | undefined;
  readonly isPage: boolean;
  /** By the time of firing. */
  readonly alerts: readonly FiredAlert[];
  /** The first message to each receiver, by time; of a page only those in which something pages. */
  readonly told: readonly Told[];
}

/** Severities that wake somebody, as Tillwatch and most rule files write them. */
const PAGING = new Set(['page', 'critical']);
/** What clears and comes back within this time is the same trouble. */
const SAME_TROUBLE_MS = 5 * 60_000;

/** Tells which alerts page: those of a severity that says so, or all where no rule has such a severity. */
export function pageTest(groups: readonly RuleGroup[]): (labels: Labels) => boolean {
  const isSaid = groups.some(({ rules }) =>
    rules.some((rule) => rule.kind === 'alerting' && PAGING.has(rule.labels.severity ?? '')),
  );
  return (labels) => !isSaid || PAGING.has(labels.get('severity'));
}

/** Finds for every alert who was told about it when. External labels may have been added to what was routed. */
export function withMessages(
  alerts: readonly (ReplayedAlert & { readonly routedLabels: Labels })[],
  notifications: readonly PastNotification[],
  quiet: readonly QuietAlert[],
  isPage: (labels: Labels) => boolean,
): FiredAlert[] {
  const told = new Map<string, { readonly atMs: number; readonly receiver: string }[]>();
  for (const { atMs, receiver, firing } of notifications) {
    for (const { labels } of firing) {
      const list = told.get(labels.key) ?? [];
      list.push({ atMs, receiver });
      told.set(labels.key, list);
    }
  }
  const held = new Map<string, QuietAlert[]>();
  for (const one of quiet) held.set(one.labels.key, [...(held.get(one.labels.key) ?? []), one]);
  return alerts.map(({ routedLabels, ...alert }) => {
    const { firedAtMs, resolvedAtMs = Number.POSITIVE_INFINITY } = alert;
    const isDuring = ({ atMs }: { readonly atMs: number }) => atMs >= firedAtMs && atMs < resolvedAtMs;
    return {
      ...alert,
      isPage: isPage(routedLabels),
      told: firstTo((told.get(routedLabels.key) ?? []).filter(isDuring)),
      quiet: held.get(routedLabels.key)?.find(isDuring),
    };
  });
}

/**
 * Puts alerts together that fired at the same time. Alerts that page make incidents; those that only inform belong to the page
 * during which, or just before which, they began, and are incidents of their own otherwise, one for each name.
 */
export function incidentsOf(alerts: readonly FiredAlert[]): Incident[] {
  const pages = clusters(alerts.filter(({ isPage }) => isPage));
  const alone = new Map<string, FiredAlert[]>();
  for (const alert of alerts) {
    if (alert.isPage) continue;
    const page = pages.find(
      ({ fromMs, toMs }) => fromMs - SAME_TROUBLE_MS <= alert.firedAtMs && alert.firedAtMs < toMs,
    );
    if (page !== undefined) page.alerts.push(alert);
    else alone.set(alert.alert, [...(alone.get(alert.alert) ?? []), alert]);
  }
  return [...pages, ...[...alone.values()].flatMap(clusters)].map(incident).sort((a, b) => a.firedAtMs - b.firedAtMs);
}

interface Cluster {
  readonly fromMs: number;
  toMs: number;
  readonly alerts: FiredAlert[];
}

function clusters(alerts: readonly FiredAlert[]): Cluster[] {
  const found: Cluster[] = [];
  for (const alert of [...alerts].sort((a, b) => a.activeAtMs - b.activeAtMs)) {
    const toMs = (alert.resolvedAtMs ?? Number.POSITIVE_INFINITY) + SAME_TROUBLE_MS;
    const last = found.at(-1);
    if (last === undefined || alert.activeAtMs > last.toMs) {
      found.push({ fromMs: alert.activeAtMs, toMs, alerts: [alert] });
      continue;
    }
    last.alerts.push(alert);
    last.toMs = Math.max(last.toMs, toMs);
  }
  return found;
}

function incident({ alerts }: Cluster): Incident {
  const sorted = [...alerts].sort((a, b) => a.firedAtMs - b.firedAtMs);
  const loud = sorted.filter(({ isPage }) => isPage);
  const isPage = loud.length > 0;
  const main = isPage ? loud : sorted;
  const isOver = main.every(({ resolvedAtMs }) => resolvedAtMs !== undefined);
  return {
    sinceMs: Math.min(...main.map(({ activeAtMs }) => activeAtMs)),
    firedAtMs: Math.min(...main.map(({ firedAtMs }) => firedAtMs)),
    untilMs: isOver ? Math.max(...main.map(({ resolvedAtMs }) => resolvedAtMs!)) : undefined,
    isPage,
    alerts: sorted,
    told: firstTo(main.flatMap(({ told }) => told)),
  };
}

/** The first message to each receiver, by time. */
function firstTo(told: readonly Told[]): Told[] {
  const first = new Map<string, Told>();
  for (const one of [...told].sort((a, b) => a.atMs - b.atMs))
    if (!first.has(one.receiver)) first.set(one.receiver, one);
  return [...first.values()];
}
