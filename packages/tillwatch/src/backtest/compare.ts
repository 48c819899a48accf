import type { PricedIncident } from './cost.ts';
import type { Backtest } from './run-backtest.ts';

/** One trouble as two rule sets saw it, by the first incident of each. */
export interface ComparedIncident {
  readonly ours: PricedIncident | undefined;
  readonly theirs: PricedIncident | undefined;
  /** How much later the other rule set told (or fired, where nobody is told); negative: earlier. `undefined` unless both did. */
  readonly laterMs: number | undefined;
}

/** How often an alert fired in each rule set. */
interface ComparedAlert {
  readonly alert: string;
  readonly ours: number;
  readonly theirs: number;
}

/** Two rule sets on the same past. */
export interface Comparison {
  /** What paged in at least one of them, by time. */
  readonly pages: readonly ComparedIncident[];
  /** By name. */
  readonly alerts: readonly ComparedAlert[];
  /** The middle of `laterMs` over what paged in both; `undefined` when nothing did. */
  readonly medianLaterMs: number | undefined;
}

/** Rule sets notice the same trouble at different times: what lies this close together is one. */
const CLOSE_MS = 10 * 60_000;

/** Puts what pages in two backtests of the same past side by side. */
export function compareBacktests(ours: Backtest, theirs: Backtest): Comparison {
  const pages = troubles(ours, theirs).map(({ ours: [one], theirs: [other] }) => ({
    ours: one,
    theirs: other,
    laterMs: one === undefined || other === undefined ? undefined : noticedAtMs(other) - noticedAtMs(one),
  }));
  const laters = pages.flatMap(({ laterMs }) => laterMs ?? []).sort((a, b) => a - b);
  return { pages, alerts: comparedAlerts(ours, theirs), medianLaterMs: laters[(laters.length - 1) >> 1] };
}

/** The incidents of both that lie close together, by time: one of one rule set can be several of the other. */
function troubles(ours: Backtest, theirs: Backtest): { ours: PricedIncident[]; theirs: PricedIncident[] }[] {
  const sided = [
    ...ours.incidents.map((incident) => ({ incident, side: 'ours' as const })),
    ...theirs.incidents.map((incident) => ({ incident, side: 'theirs' as const })),
  ].filter(({ incident }) => incident.isPage);
  const found: { ours: PricedIncident[]; theirs: PricedIncident[] }[] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const { incident, side } of sided.sort((a, b) => a.incident.sinceMs - b.incident.sinceMs)) {
    if (incident.sinceMs > endMs) found.push({ ours: [], theirs: [] });
    found.at(-1)![side].push(incident);
    endMs = Math.max(endMs, (incident.untilMs ?? Number.POSITIVE_INFINITY) + CLOSE_MS);
  }
  return found;
}

/** When somebody was told, or when it fired where nobody is. */
export function noticedAtMs({ told, firedAtMs: fired }: PricedIncident): number {
  return told[0]?.atMs ?? fired;
}

function comparedAlerts(ours: Backtest, theirs: Backtest): ComparedAlert[] {
  const counts = new Map<string, { ours: number; theirs: number }>();
  const count = (backtest: Backtest, side: 'ours' | 'theirs') => {
    for (const { alert } of backtest.alerts) {
      const known = counts.get(alert) ?? { ours: 0, theirs: 0 };
      known[side]++;
      counts.set(alert, known);
    }
  };
  count(ours, 'ours');
  count(theirs, 'theirs');
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([alert, { ours: own, theirs: other }]) => ({
      alert,
      ours: own,
      theirs: other,
    }));
}
