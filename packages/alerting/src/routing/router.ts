import type { AlertmanagerConfig } from '@tillwatch/config';
import {
  type Alert,
  type AlertEnricher,
  type Clock,
  closest,
  isResolved,
  type Ledger,
  type Logger,
  type SourceText,
} from '@tillwatch/model';
import { askEnricher, type BriefingSource } from '../notify/ask-enricher.ts';
import { type ReadFile, readTextFile } from '../notify/files.ts';
import type { Delivered, Notifier } from '../notify/notifier.ts';
import { renderRouteLabels } from '../notify/route-labels.ts';
import { ALERT_SHELF, AlertStore } from './alert-store.ts';
import { DeliveryCounters } from './delivery-counters.ts';
import { DELIVERY_SHELF, DeliveryTimes } from './delivery-times.ts';
import { Dispatcher } from './dispatcher.ts';
import { Lanes } from './lanes.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { LOG_SHELF, NotificationLog } from './notification-log.ts';
import { OUTBOX_SHELF, Outbox, type OutboxMessage } from './outbox.ts';
import { Pacer } from './pacer.ts';
import { sendTest } from './send-test.ts';
import { SILENCE_SHELF, SilenceStore, type Silences } from './silences.ts';
import type { AlertGroupStatus, Delivery, ReceiverStatus, RoutedAlert, RouterStats, TestDelivery } from './statuses.ts';
import { deliveryView, groupStatus, notificationView, routedAlert } from './views.ts';
import { Waker } from './waker.ts';

/** What an alert router is made of. */
export interface AlertRouterOptions {
  readonly config: AlertmanagerConfig;
  /** The files of `templates`. */
  readonly templates: readonly SourceText[];
  /** Keeps alerts, silences, the notification log and the outbox. */
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where people find the alerts; links in messages begin with it. */
  readonly externalUrl: string;
  readonly enricher?: AlertEnricher | undefined;
  readonly transport?: TransportOptions | undefined;
}

/** What can be set about the way out; the defaults are right for production. */
export interface TransportOptions {
  /** Reads the file of a `…_file` setting. Default: the machine's files. */
  readonly readFile?: ReadFile | undefined;
  /** Yields [0, 1); spreads retries. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** How long to wait for a briefing. Default 5 s. */
  readonly briefingTimeoutMs?: number | undefined;
  /** The longest that one attempt may take. Default 60 s. */
  readonly attemptTimeoutMs?: number | undefined;
  /** When an undelivered message is given up and marked as failed. Default 6 h. */
  readonly giveUpAfterMs?: number | undefined;
}

/** Takes alerts from rules and others, and tells the right people. */
export interface AlertRouter {
  /**
   * Takes alerts in. Returns at once: deciding and telling happen in the background. An alert without an end (0) ends after
   * `resolve_timeout` unless it is sent again; one without a beginning began now.
   */
  accept(alerts: readonly Alert[]): void;
  start(): void;
  /** Resolves when nothing is on its way any more and everything is stored; what is owed is delivered after the next start. */
  stop(): Promise<void>;
  /** Uses another configuration from the next tick and attempt on. Groups, silences and what is owed stay. */
  apply(config: AlertmanagerConfig, templates: readonly SourceText[]): Promise<void>;
  /** Every alert that is firing or was resolved just now. */
  alerts(): RoutedAlert[];
  /** Every group with its alerts, by receiver and labels. */
  groups(): AlertGroupStatus[];
  /** The newest messages first, owed ones included. */
  deliveries(limit: number): Delivery[];
  receivers(): ReceiverStatus[];
  readonly silences: Silences;
  /**
   * Sends a marked test message now, by the way that alerts take, to every integration or to those of one receiver, and
   * reports on each. Rejects when there is no such receiver.
   */
  test(receiver?: string): Promise<TestDelivery[]>;
  stats(): RouterStats;
}

const MAINTENANCE_MS = 60_000;
/** Received alerts are stored at most this late; nobody is told before. */
const PERSIST_AFTER_MS = 1_000;
const RETRY_AFTER_BUG_MS = 1_000;

/** Builds a router from what the ledger knows; nothing is told before `start`. */
export function createAlertRouter(options: AlertRouterOptions): AlertRouter {
  return new Router(options);
}

class Router implements AlertRouter {
  readonly #options: AlertRouterOptions;
  readonly #clock: Clock;
  readonly #writer: LedgerWriter;
  readonly #store: AlertStore;
  readonly #silences: SilenceStore;
  readonly #log: NotificationLog;
  readonly #outbox: Outbox;
  readonly #lanes: Lanes;
  readonly #dispatcher: Dispatcher;
  readonly #counters = new DeliveryCounters();
  readonly #times: DeliveryTimes;
  readonly #briefings: BriefingSource;
  readonly #waker: Waker;
  readonly #attemptTimeoutMs: number;
  #config: AlertmanagerConfig;
  #running: Promise<void> | undefined;
  #persistAtMs = Number.POSITIVE_INFINITY;
  #maintainAtMs = 0;
  #received = { firing: 0, resolved: 0 };
  #refused = 0;

  constructor(options: AlertRouterOptions) {
    const { config, ledger, clock, logger, externalUrl, transport = {} } = options;
    this.#options = options;
    this.#config = config;
    this.#clock = clock;
    this.#waker = new Waker(clock);
    this.#writer = new LedgerWriter(ledger, logger);
    this.#store = new AlertStore(this.#writer);
    this.#silences = new SilenceStore(this.#writer, clock, ledger.entries(SILENCE_SHELF));
    this.#log = new NotificationLog(this.#writer, ledger.entries(LOG_SHELF));
    this.#outbox = new Outbox(this.#writer, ledger.entries(OUTBOX_SHELF));
    this.#times = new DeliveryTimes(this.#writer, ledger.entries(DELIVERY_SHELF));
    this.#briefings = askEnricher(options.enricher, transport.briefingTimeoutMs ?? 5_000, clock, logger);
    this.#attemptTimeoutMs = transport.attemptTimeoutMs ?? 60_000;
    const parts = { outbox: this.#outbox, log: this.#log, writer: this.#writer, clock, logger };
    const laneContext = {
      ...parts,
      pacer: new Pacer(),
      counters: this.#counters,
      times: this.#times,
      random: transport.random ?? Math.random,
      giveUpAfterMs: transport.giveUpAfterMs ?? 6 * 3_600_000,
      attemptTimeoutMs: this.#attemptTimeoutMs,
      send: (notifier: Notifier, message: OutboxMessage, signal: AbortSignal) => this.#send(notifier, message, signal),
    };
    const readFile = transport.readFile ?? readTextFile;
    this.#lanes = new Lanes(laneContext, { externalUrl, readFile }, config, options.templates);
    this.#dispatcher = new Dispatcher(config, {
      ...parts,
      store: this.#store,
      silences: this.#silences,
      deliveries: this.#lanes,
    });
    this.#store.restore(ledger.entries(ALERT_SHELF), clock.nowMs(), config.global.resolveTimeoutMs);
    this.#lanes.restore();
    for (const alert of this.#store.alerts()) this.#dispatcher.add(alert);
  }

  get silences(): Silences {
    return this.#silences;
  }

  accept(alerts: readonly Alert[]): void {
    const nowMs = this.#clock.nowMs();
    for (const given of alerts) {
      const alert = this.#complete(given, nowMs);
      this.#received[isResolved(alert, nowMs) ? 'resolved' : 'firing']++;
      const known = alert.labels.size === 0 ? undefined : this.#store.receive(alert, nowMs);
      if (known === undefined) this.#refused++;
      else this.#dispatcher.add(known);
    }
    this.#persistAtMs = Math.min(this.#persistAtMs, nowMs + PERSIST_AFTER_MS);
    this.#waker.wake();
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#waker.reset();
    this.#lanes.start();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#waker.stop();
    await this.#running;
    this.#running = undefined;
    await this.#lanes.stop();
    await this.#writer.flush();
    await this.#lanes.close();
  }

  async apply(config: AlertmanagerConfig, templates: readonly SourceText[]): Promise<void> {
    this.#config = config;
    const applied = this.#lanes.apply(config, templates);
    this.#dispatcher.apply(config);
    await applied;
    await this.#writer.flush();
    if (this.#running !== undefined) this.#lanes.start();
    this.#waker.wake();
  }

  alerts(): RoutedAlert[] {
    const nowMs = this.#clock.nowMs();
    const stored = [...this.#store.values()];
    return stored.map(({ alert, updatedAtMs }) => routedAlert(alert, updatedAtMs, this.#dispatcher, nowMs));
  }

  groups(): AlertGroupStatus[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#dispatcher.groups]
      .map((group) => groupStatus(group, this.#store, this.#dispatcher, nowMs))
      .sort((a, b) => (a.receiver + a.groupKey < b.receiver + b.groupKey ? -1 : 1));
  }

  deliveries(limit: number): Delivery[] {
    return this.#outbox.latest(limit).map((message) => {
      const lane = this.#lanes.get(message.receiver, message.integration);
      return deliveryView(message, lane?.notifier.target ?? '');
    });
  }

  receivers(): ReceiverStatus[] {
    const owed = this.#outbox.owed();
    return this.#config.receivers.map(({ name }) => ({
      name,
      integrations: this.#lanes.of(name).map(({ integration, notifier }) => ({
        integration,
        target: notifier.target,
        sendResolved: notifier.sendResolved,
        lastDeliveredAtMs: this.#times.lastMs(name, integration, notifier.target),
        owed: owed.filter((message) => message.receiver === name && message.integration === integration).length,
      })),
    }));
  }

  async test(receiver?: string): Promise<TestDelivery[]> {
    const names = this.#config.receivers.map(({ name }) => name);
    if (receiver !== undefined && !names.includes(receiver)) {
      const meant = closest(receiver, names);
      const hint = meant === undefined ? `there are: ${names.join(', ')}` : `did you mean ${JSON.stringify(meant)}?`;
      throw new Error(`there is no receiver ${JSON.stringify(receiver)}; ${hint}`);
    }
    const lanes = receiver === undefined ? this.#lanes.all() : this.#lanes.of(receiver);
    const results = await Promise.all(
      lanes.map((lane) =>
        sendTest(lane, this.#clock, {
          id: `test-${this.#outbox.nextId(this.#clock.nowMs())}`,
          externalUrl: this.#options.externalUrl,
          timeoutMs: this.#attemptTimeoutMs,
          briefed: this.#options.enricher !== undefined,
        }),
      ),
    );
    const nowMs = this.#clock.nowMs();
    for (const { ok, receiver: to, integration, target } of results) {
      if (ok) this.#times.delivered(to, integration, target, nowMs);
    }
    await this.#writer.flush();
    return results;
  }

  stats(): RouterStats {
    const nowMs = this.#clock.nowMs();
    const alerts = { active: 0, suppressed: 0, resolved: 0 };
    for (const { state } of this.alerts()) alerts[state]++;
    const owed = this.#outbox.owed();
    const oldestMs = owed.reduce((oldest, message) => Math.min(oldest, message.owedSinceMs), nowMs);
    return {
      alertsReceived: { ...this.#received },
      alertsRefused: this.#refused + this.#dispatcher.overflowed,
      alerts,
      groups: [...this.#dispatcher.groups].length,
      deliveries: this.#counters.stats(),
      outbox: { owed: owed.length, oldestOwedMs: nowMs - oldestMs },
      briefingFailures: this.#briefings.failures,
      ledgerHealthy: this.#writer.healthy,
    };
  }

  async #run(): Promise<void> {
    while (!this.#waker.stopped) {
      let retryAtMs = Number.POSITIVE_INFINITY;
      try {
        await this.#work();
      } catch (error) {
        // A bug of ours must not end the loop on which every alert depends.
        this.#options.logger.error('routing of alerts failed', { err: String((error as Error).stack ?? error) });
        retryAtMs = this.#clock.nowMs() + RETRY_AFTER_BUG_MS;
      }
      const dueMs = Math.min(this.#dispatcher.nextFlushAtMs, this.#persistAtMs, this.#maintainAtMs);
      await this.#waker.sleepUntil(retryAtMs === Number.POSITIVE_INFINITY ? dueMs : retryAtMs);
    }
  }

  async #work(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const flushed = this.#dispatcher.flushDue();
    if (nowMs >= this.#maintainAtMs) {
      this.#maintainAtMs = nowMs + MAINTENANCE_MS;
      this.#log.expire(nowMs);
      this.#outbox.prune(nowMs);
      this.#times.keep(this.#lanes.all().map((lane) => [lane.receiver, lane.integration] as const));
      this.#store.forgetResolved(nowMs, this.#dispatcher.members());
    }
    if (flushed === 0 && nowMs < this.#persistAtMs) return;
    this.#persistAtMs = Number.POSITIVE_INFINITY;
    // Owed messages are durable, together with the log that says so, before the first of them leaves.
    await this.#writer.flush();
    if (flushed > 0) this.#lanes.wake();
  }

  /** One attempt at one message: by the words of the enricher, when it has some for this medium. */
  async #send(notifier: Notifier, message: OutboxMessage, signal: AbortSignal): Promise<Delivered> {
    const { externalUrl } = this.#options;
    const { id, reason, thread } = message;
    const notification = notificationView(message);
    const briefing = notifier.kind === 'webhook' ? undefined : await this.#briefings.brief(notification, signal);
    const nowMs = this.#clock.nowMs();
    const { templates } = this.#lanes;
    const routeLabels = renderRouteLabels(templates, message.routeLabels, notification, externalUrl, nowMs);
    return notifier.send({ id, notification, routeLabels, reason, briefing, thread, nowMs }, signal);
  }

  /** Fills in what an alert leaves open, as Alertmanager does. */
  #complete(alert: Alert, nowMs: number): Alert {
    const startsAtMs =
      alert.startsAtMs > 0 ? alert.startsAtMs : alert.endsAtMs > 0 ? Math.min(nowMs, alert.endsAtMs) : nowMs;
    const endsAtMs = alert.endsAtMs > 0 ? alert.endsAtMs : nowMs + this.#config.global.resolveTimeoutMs;
    return startsAtMs === alert.startsAtMs && endsAtMs === alert.endsAtMs ? alert : { ...alert, startsAtMs, endsAtMs };
  }
}
