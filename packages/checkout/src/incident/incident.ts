import {
  type Alert,
  alertName,
  type Clock,
  isResolved,
  type Ledger,
  type Notification,
  type Querier,
} from '@tillwatch/model';
import { type Diagnosis, diagnose, type Periods } from '../diagnosis/diagnose.ts';
import type { FailureExample, FailureSource } from '../failures/failure-example.ts';
import { type Loss, measureLoss } from '../impact/measure-loss.ts';
import { measureRecovery, type Recovery } from '../impact/measure-recovery.ts';
import { windowsFor } from '../plan/windows.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { type Figures, readFigures } from './figures.ts';
import { type IncidentKind, isUnseen, leavesFailures, weightiest } from './incident-kind.ts';
import { findEnd, findOnset } from './onset.ts';

/** The story behind the alerts of one notification: the same for everybody who is told about it. */
export interface Incident {
  readonly kind: IncidentKind;
  /** The weightiest alert's name: which runbook to open. */
  readonly alert: string;
  readonly isOver: boolean;
  readonly isPage: boolean;
  readonly sinceMs: number;
  /** Now, or when it ended. */
  readonly untilMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly figures: Figures;
  readonly diagnosis: Diagnosis;
  readonly loss: Loss;
  /** When it is over: the lowest success rate, and when that was. */
  readonly worst: { readonly successRate: number; readonly atMs: number } | undefined;
  /** When it is over: orders beyond the usual since then. */
  readonly recovered: Recovery | undefined;
  /** The last failures of the part at fault that the shop logged, newest first. */
  readonly examples: readonly FailureExample[];
  readonly alertNames: readonly string[];
  readonly promotion: string | undefined;
}

const SHELF = 'checkout-incidents';
/** Teams are told within moments of each other and must read the same numbers. */
const SAME_MOMENT_MS = 20_000;
const MAX_REMEMBERED = 50;
const MOST_EXAMPLES = 3;

/** What an incident remembers between its messages. */
interface Memory {
  readonly sinceMs: number;
}

/** Reads the story of notifications, once for all who are told at the same moment. */
export class IncidentReader {
  readonly #querier: Querier;
  readonly #config: TillwatchConfig;
  readonly #clock: Clock;
  readonly #ledger: Ledger | undefined;
  readonly #failures: FailureSource | undefined;
  readonly #recent = new Map<string, { readonly atMs: number; readonly incident: Promise<Incident> }>();

  constructor(
    querier: Querier,
    config: TillwatchConfig,
    clock: Clock,
    ledger: Ledger | undefined,
    failures: FailureSource | undefined,
  ) {
    this.#querier = querier;
    this.#config = config;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#failures = failures;
  }

  /** `undefined` when none of the alerts is Tillwatch's own. */
  async read(notification: Notification): Promise<Incident | undefined> {
    const { alerts, status, atMs } = notification;
    const firing = alerts.filter((alert) => !isResolved(alert, atMs));
    const weighty = weightiest(status === 'firing' && firing.length > 0 ? firing : alerts);
    if (weighty === undefined) return undefined;
    const startMs = Math.min(...alerts.map(({ startsAtMs }) => startsAtMs));
    const key = `${weighty.kind} ${status} ${startMs}`;
    this.#forget();
    const known = this.#recent.get(key);
    if (known !== undefined) return known.incident;
    const incident = this.#analyse(notification, weighty.kind, weighty.alert, startMs);
    this.#recent.set(key, { atMs: this.#clock.nowMs(), incident });
    incident.catch(() => this.#recent.delete(key));
    return incident;
  }

  #forget(): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, { atMs }] of this.#recent) {
      if (nowMs - atMs > SAME_MOMENT_MS || this.#recent.size > MAX_REMEMBERED) this.#recent.delete(key);
    }
  }

  async #analyse(notification: Notification, kind: IncidentKind, alert: Alert, startMs: number): Promise<Incident> {
    const { alerts, atMs, status } = notification;
    const isOver = status === 'resolved';
    const resolvedAtMs = Math.min(atMs, Math.max(...alerts.map(({ endsAtMs }) => endsAtMs)));
    const sinceMs = await this.#onset(kind, startMs, resolvedAtMs);
    const endMs = isOver ? await findEnd(this.#querier, this.#config, kind, sinceMs, resolvedAtMs) : atMs;
    const trouble: Periods = {
      sinceMs,
      untilMs: Math.max(sinceMs + 1_000, endMs),
      pastMs: this.#config.objectives.comparedWithMs,
    };
    const querier = this.#querier;
    const [figures, diagnosis, loss, worst] = await Promise.all([
      // Of the all-clear's figures "now" is now: what was bad before is in the worst value.
      readFigures(querier, this.#config, { ...trouble, untilMs: atMs }),
      diagnose(querier, trouble),
      measureLoss(querier, this.#config, trouble, isUnseen(kind)),
      isOver ? this.#worst(trouble) : undefined,
    ]);
    const recovered = isOver
      ? await measureRecovery(querier, this.#config, { ...trouble, endMs, nowMs: atMs }, loss)
      : undefined;
    const culprit = diagnosis.failures[0]?.labels ?? {};
    return {
      kind,
      alert: alertName(alert),
      isOver,
      isPage: alerts.some(({ labels }) => labels.get('severity') === 'page'),
      sinceMs,
      untilMs: endMs,
      labels: alert.labels.toRecord(),
      figures,
      diagnosis,
      loss,
      worst,
      recovered,
      examples:
        leavesFailures(kind) && this.#failures !== undefined
          ? this.#failures.last({ sinceMs, untilMs: trouble.untilMs, labels: culprit, limit: MOST_EXAMPLES })
          : [],
      alertNames: [...new Set(alerts.map(alertName))],
      promotion: this.#config.promotions.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.name,
    };
  }

  async #onset(kind: IncidentKind, startMs: number, nowMs: number): Promise<number> {
    const key = `${kind} ${startMs}`;
    const memory = this.#ledger?.get(SHELF, key) as Memory | undefined;
    if (typeof memory?.sinceMs === 'number') return memory.sinceMs;
    const sinceMs = Math.min(startMs, await findOnset(this.#querier, this.#config, kind, Math.min(startMs, nowMs)));
    await this.#remember(key, { sinceMs });
    return sinceMs;
  }

  async #remember(key: string, memory: Memory): Promise<void> {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    try {
      const batch = ledger.batch();
      batch.put(SHELF, key, memory);
      const entries = ledger.entries(SHELF);
      // Keys end in the start of the alert; the oldest go first.
      const bySince = entries.sort((a, b) => ((a[1] as Memory).sinceMs ?? 0) - ((b[1] as Memory).sinceMs ?? 0));
      for (const [old] of bySince.slice(0, Math.max(0, entries.length - MAX_REMEMBERED))) batch.remove(SHELF, old);
      await batch.commit();
    } catch {
      // A message that cannot be remembered is still worth sending.
    }
  }

  async #worst({ sinceMs, untilMs }: Periods): Promise<Incident['worst']> {
    const { unit } = windowsFor(this.#config);
    const stepMs = Math.max(5_000, Math.ceil((untilMs - sinceMs) / 500));
    const [series] = await this.#querier.range(`checkout:success_ratio:${unit}{slice="all"}`, sinceMs, untilMs, stepMs);
    let worst: Incident['worst'];
    for (const [i, atMs] of [...(series?.timestampsMs ?? [])].entries()) {
      const successRate = series?.values[i] as number;
      if (successRate < (worst?.successRate ?? Number.POSITIVE_INFINITY)) worst = { successRate, atMs };
    }
    return worst;
  }
}
