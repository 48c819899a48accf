// What Alertmanager would have made of alerts that are known beforehand. It is the dispatcher of production that decides, on a
// clock that jumps from one event to the next; only the outbox is left out, since nothing leaves.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AlertmanagerConfig, Receiver } from '@tillwatch/config';
import { type Alert, type Clock, type Labels, type Ledger, silentLogger } from '@tillwatch/model';
import { fromAlertDocument } from '../routing/alert-document.ts';
import { AlertStore } from '../routing/alert-store.ts';
import { type Deliveries, Dispatcher } from '../routing/dispatcher.ts';
import { LedgerWriter } from '../routing/ledger-writer.ts';
import type { NotificationReason } from '../routing/needs-update.ts';
import { NotificationLog } from '../routing/notification-log.ts';
import { Outbox, type OutboxMessage } from '../routing/outbox.ts';
import { SilenceStore } from '../routing/silences.ts';

/** One alert from firing to resolved, as rules hand it on: with external labels. */
export interface PastAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly firedAtMs: number;
  /** `undefined`: it fires on. */
  readonly resolvedAtMs: number | undefined;
}

/** What is routed. */
export interface RoutingReplayOptions {
  readonly config: AlertmanagerConfig;
  /** In any order. Where two have equal labels at the same time, they are one alert until the last of them is resolved. */
  readonly alerts: readonly PastAlert[];
  /** What is decided up to and with this moment is in the result. */
  readonly untilMs: number;
  /** How often rules are evaluated: they say again for a while that an alert is over. Default 15 s. */
  readonly evaluationIntervalMs?: number | undefined;
  /** More notifications than this end the replay with an error. Default 200,000. */
  readonly maxNotifications?: number | undefined;
  /** Ends the replay, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** One message to a receiver. */
export interface PastNotification {
  /** When it would have been handed to its receiver. */
  readonly atMs: number;
  readonly receiver: string;
  /** The entries of the receiver that say the same: `slack[0]`, `email[0]`; kinds that Tillwatch cannot send to are here too. */
  readonly integrations: readonly string[];
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly reason: NotificationReason;
  readonly status: 'firing' | 'resolved';
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
}

/** An alert that was due and not told, because something kept it quiet. */
export interface QuietAlert {
  readonly labels: Labels;
  readonly startsAtMs: number;
  /** The tick of its group at which it was kept quiet first. */
  readonly atMs: number;
  readonly receiver: string;
  readonly by: 'inhibited' | 'muted';
  /** The alerts that inhibit it, by name, or the time intervals. */
  readonly because: readonly string[];
}

/** Who would have been told what, by time. */
export interface RoutingReplay {
  readonly notifications: readonly PastNotification[];
  readonly quiet: readonly QuietAlert[];
}

const MAX_NOTIFICATIONS = 200_000;
const INTERVAL_MS = 15_000;
/** Rules say that an alert is over for so long, whenever more than a minute has passed since they said so. */
const RESEND_DELAY_MS = 60_000;
const KEEP_RESOLVED_MS = 15 * 60_000;
const MAINTENANCE_MS = 60_000;
/** So many ticks are decided before others get a turn. */
const TICKS_PER_TURN = 500;
/** The end of an alert whose end is not known yet. */
const NO_END_MS = Number.MAX_SAFE_INTEGER;

/**
 * Routes alerts through the tree of an alertmanager.yml as they came: group_wait, group_interval, repeat_interval, inhibition
 * and time intervals have the meaning that they have in production. There are no silences, and every delivery succeeds at
 * once. At equal times alerts come in before groups are looked at.
 * @throws {RangeError} when there are more than `maxNotifications`
 */
export async function replayRouting(options: RoutingReplayOptions): Promise<RoutingReplay> {
  const { config, untilMs, signal } = options;
  const simulation = new Simulation(config, options.maxNotifications ?? MAX_NOTIFICATIONS);
  const events = eventsOf(options.alerts, options.evaluationIntervalMs ?? INTERVAL_MS);
  let next = 0;
  for (let ticks = 0; ; ticks++) {
    const eventAtMs = events[next]?.atMs ?? Number.POSITIVE_INFINITY;
    const nowMs = Math.min(eventAtMs, simulation.nextFlushAtMs);
    if (nowMs > untilMs) break;
    simulation.moveTo(nowMs);
    for (; events[next]?.atMs === nowMs; next++) simulation.receive(events[next]!);
    simulation.flush();
    if (ticks % TICKS_PER_TURN !== TICKS_PER_TURN - 1) continue;
    await simulation.settle();
    await nextTurn();
    signal?.throwIfAborted();
  }
  return simulation;
}

/** An alert begins to fire, is resolved, or is said to be over once more. */
interface Event {
  readonly atMs: number;
  readonly alert: PastAlert;
  readonly kind: 'fires' | 'ends' | 'is over';
}

/** By time; at equal times what ends goes first, so that an alert that fires again at once is a new one. */
function eventsOf(alerts: readonly PastAlert[], intervalMs: number): Event[] {
  const resendMs = (Math.floor(RESEND_DELAY_MS / intervalMs) + 1) * intervalMs;
  const firesAgainAtMs = nextFirings(alerts);
  const events: Event[] = [];
  for (const alert of alerts) {
    const { firedAtMs, resolvedAtMs } = alert;
    events.push({ atMs: firedAtMs, alert, kind: 'fires' });
    if (resolvedAtMs === undefined) continue;
    events.push({ atMs: resolvedAtMs, alert, kind: 'ends' });
    // A rule forgets that an alert was resolved as soon as it fires again.
    const untilMs = firesAgainAtMs.get(alert) ?? Number.POSITIVE_INFINITY;
    for (let afterMs = resendMs; afterMs <= KEEP_RESOLVED_MS; afterMs += resendMs) {
      if (resolvedAtMs + afterMs >= untilMs) break;
      events.push({ atMs: resolvedAtMs + afterMs, alert, kind: 'is over' });
    }
  }
  return events.sort((a, b) => a.atMs - b.atMs || Number(a.kind === 'fires') - Number(b.kind === 'fires'));
}

/** When alerts fire again, for those that do. */
function nextFirings(alerts: readonly PastAlert[]): Map<PastAlert, number> {
  const next = new Map<PastAlert, number>();
  const last = new Map<string, PastAlert>();
  for (const alert of [...alerts].sort((a, b) => a.firedAtMs - b.firedAtMs)) {
    const before = last.get(alert.labels.key);
    if (before !== undefined) next.set(before, alert.firedAtMs);
    last.set(alert.labels.key, alert);
  }
  return next;
}

class Simulation implements RoutingReplay {
  readonly notifications: PastNotification[] = [];
  readonly quiet: QuietAlert[] = [];
  readonly #clock = new JumpingClock();
  readonly #writer = new LedgerWriter(FORGETFUL, silentLogger);
  readonly #store = new AlertStore(this.#writer);
  readonly #log = new NotificationLog(this.#writer, []);
  readonly #dispatcher: Dispatcher;
  readonly #maxNotifications: number;
  /** How many of the given alerts fire now, and the one that fired last, by their labels. */
  readonly #firing = new Map<string, { readonly count: number; readonly last: PastAlert }>();
  /** The beginning of the firing for which it is noted that it was kept quiet, by route and labels. */
  readonly #quietSince = new Map<string, number>();
  #maintainAtMs = 0;

  constructor(config: AlertmanagerConfig, maxNotifications: number) {
    this.#maxNotifications = maxNotifications;
    this.#dispatcher = new Dispatcher(config, {
      store: this.#store,
      silences: new SilenceStore(this.#writer, this.#clock, []),
      log: this.#log,
      outbox: new Outbox(this.#writer, []),
      writer: this.#writer,
      deliveries: new Listener(config.receivers, (message) => this.#tell(message)),
      clock: this.#clock,
    });
  }

  get nextFlushAtMs(): number {
    return this.#dispatcher.nextFlushAtMs;
  }

  moveTo(nowMs: number): void {
    this.#clock.set(nowMs);
    if (nowMs < this.#maintainAtMs) return;
    this.#maintainAtMs = nowMs + MAINTENANCE_MS;
    this.#log.expire(nowMs);
    this.#store.forgetResolved(nowMs, this.#dispatcher.members());
  }

  receive({ alert, kind, atMs }: Event): void {
    const { labels, annotations, firedAtMs, resolvedAtMs } = alert;
    const before = this.#firing.get(labels.key) ?? { count: 0, last: alert };
    const count = before.count + (kind === 'fires' ? 1 : kind === 'ends' ? -1 : 0);
    const last = kind === 'fires' ? alert : before.last;
    if (kind === 'is over' && last !== alert) return;
    this.#firing.set(labels.key, { count, last });
    if (kind !== 'fires' && count > 0) return;
    const endsAtMs = kind === 'fires' ? NO_END_MS : (resolvedAtMs ?? atMs);
    const known = this.#store.receive(
      { labels, annotations, startsAtMs: firedAtMs, endsAtMs, generatorUrl: '' },
      this.#clock.nowMs(),
    );
    if (known !== undefined) this.#dispatcher.add(known);
  }

  flush(): void {
    this.#noteQuiet();
    this.#dispatcher.flushDue();
  }

  /** Lets go of what a ledger would have kept. */
  async settle(): Promise<void> {
    await this.#writer.flush();
  }

  /** Asks, before groups are looked at, which of their alerts will be kept quiet. */
  #noteQuiet(): void {
    const nowMs = this.#clock.nowMs();
    for (const group of this.#dispatcher.groups) {
      if (group.nextFlushAtMs > nowMs) continue;
      const { receiver } = group.node.route;
      const mutedBy = this.#dispatcher.mutedBy(group.node, nowMs);
      for (const key of group.members) {
        const alert = this.#store.get(key)?.alert;
        if (alert === undefined || alert.endsAtMs <= nowMs) continue;
        const inhibitedBy = this.#dispatcher.quiet(alert.labels, nowMs).inhibitedBy;
        if (mutedBy.length === 0 && inhibitedBy.length === 0) continue;
        const place = `${group.node.id}\u0000${key}`;
        if (this.#quietSince.get(place) === alert.startsAtMs) continue;
        this.#quietSince.set(place, alert.startsAtMs);
        const names = inhibitedBy.map(({ labels }) => labels.get('alertname'));
        const why =
          inhibitedBy.length > 0
            ? { by: 'inhibited' as const, because: [...new Set(names)].sort() }
            : { by: 'muted' as const, because: mutedBy };
        this.quiet.push({ labels: alert.labels, startsAtMs: alert.startsAtMs, atMs: nowMs, receiver, ...why });
      }
    }
  }

  #tell(message: OutboxMessage): void {
    const { receiver, integration, groupKey, atMs } = message;
    const reason = message.reason as NotificationReason;
    const alerts = message.alerts.map(fromAlertDocument);
    const firing = alerts.filter(({ endsAtMs }) => endsAtMs > atMs);
    const resolved = alerts.filter(({ endsAtMs }) => endsAtMs <= atMs);
    const last = this.notifications.at(-1);
    const isSame =
      last !== undefined &&
      last.atMs === atMs &&
      last.receiver === receiver &&
      last.groupKey === groupKey &&
      last.reason === reason &&
      last.firing.length === firing.length &&
      last.resolved.length === resolved.length;
    if (isSame) {
      this.notifications[this.notifications.length - 1] = {
        ...last,
        integrations: [...last.integrations, integration],
      };
      return;
    }
    if (this.notifications.length >= this.#maxNotifications) {
      throw new RangeError(
        `more than ${this.#maxNotifications} notifications: look at a shorter time, or at repeat_interval and group_by`,
      );
    }
    this.notifications.push({
      atMs,
      receiver,
      integrations: [integration],
      groupKey,
      groupLabels: alerts[0]!.labels.keep(Object.keys(message.groupLabels)),
      reason,
      status: firing.length > 0 ? 'firing' : 'resolved',
      firing,
      resolved,
    });
  }
}

/** The receivers of a configuration, of which none is ever spoken to. */
class Listener implements Deliveries {
  readonly owe: (message: OutboxMessage) => void;
  readonly #integrations = new Map<string, { readonly integration: string; readonly sendResolved: boolean }[]>();

  constructor(receivers: readonly Receiver[], owe: (message: OutboxMessage) => void) {
    this.owe = owe;
    for (const receiver of receivers) this.#integrations.set(receiver.name, integrationsOf(receiver));
  }

  integrationsOf(receiver: string) {
    return this.#integrations.get(receiver) ?? [];
  }
}

function integrationsOf(receiver: Receiver): { integration: string; sendResolved: boolean }[] {
  const named = (kind: string, configs: readonly { readonly sendResolved: boolean }[]) =>
    configs.map(({ sendResolved }, i) => ({ integration: `${kind}[${i}]`, sendResolved }));
  return [
    ...named('slack', receiver.slackConfigs),
    ...named('email', receiver.emailConfigs),
    ...named('webhook', receiver.webhookConfigs),
    // Alertmanager would have told them too; most of them say when it is over.
    ...receiver.unsupportedConfigs.map((field) => ({
      integration: field.replace(/_configs$/, '[0]'),
      sendResolved: true,
    })),
  ];
}

/** A clock that is set; nothing waits on it. */
class JumpingClock implements Clock {
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  sleep(): Promise<void> {
    throw new Error('nothing sleeps in a replay');
  }
}

/** What is told in a replay is not told in truth, so nothing of it is kept. */
const FORGETFUL: Ledger = {
  batch: () => ({
    append: () => true,
    appendStale() {},
    put() {},
    remove() {},
    commit: async () => {},
  }),
  get: () => undefined,
  entries: () => [],
};
