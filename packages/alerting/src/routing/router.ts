import type { AlertmanagerConfig } from '@tillwatch/config';
import {
  type Alert,
  type AlertEnricher,
  type Clock,
  closest,
  isResolved,
  Labels,
  type Ledger,
  type Logger,
  type Notification,
  type SourceText,
} from '@tillwatch/model';
import { askEnricher } from '../notify/ask-enricher.ts';
import { createNotifiers } from '../notify/create-notifier.ts';
import { type ReadFile, readTextFile } from '../notify/files.ts';
import { toNotifyError } from '../notify/notify-error.ts';
import type { Delivered, Notifier } from '../notify/notifier.ts';
import { testBriefing, testNotification } from '../notify/test-message.ts';
import { withTimeLimit } from '../notify/time-limit.ts';
import { fingerprint, parseNotificationTemplates } from '../template/index.ts';
import { ALERT_SHELF, AlertStore } from './alert-store.ts';
import { DeliveryCounters } from './delivery-counters.ts';
import { DeliveryLane, type LaneContext } from './delivery-lane.ts';
import { Dispatcher } from './dispatcher.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { LOG_SHELF, NotificationLog } from './notification-log.ts';
import { alertsOf, OUTBOX_SHELF, Outbox, type OutboxMessage } from './outbox.ts';
import { Pacer } from './pacer.ts';
import { matchRoutes } from './route-tree.ts';
import { SILENCE_SHELF, type Silences, SilenceStore } from './silences.ts';
import type {
  AlertGroupStatus,
  Delivery,
  ReceiverStatus,
  RoutedAlert,
  RouterStats,
  TestDelivery,
} from './statuses.ts';
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
  readonly #dispatcher: Dispatcher;
  readonly #counters = new DeliveryCounters();
  readonly #briefings: ReturnType<typeof askEnricher>;
  readonly #lanes = new Map<string, DeliveryLane>();
  readonly #laneContext: LaneContext;
  readonly #waker: Waker;
  #config: AlertmanagerConfig;
  #running: Promise<void> | undefined;
  #persistAtMs = Number.POSITIVE_INFINITY;
  #maintainAtMs = 0;
  #received = { firing: 0, resolved: 0 };
  #refused = 0;

  constructor(options: AlertRouterOptions) {
    const { config, ledger, clock, logger, transport = {} } = options;
    this.#options = options;
    this.#config = config;
    this.#clock = clock;
    this.#waker = new Waker(clock);
    this.#writer = new LedgerWriter(ledger, logger);
    this.#store = new AlertStore(this.#writer);
    this.#silences = new SilenceStore(this.#writer, clock, ledger.entries(SILENCE_SHELF));
    this.#log = new NotificationLog(this.#writer, ledger.entries(LOG_SHELF));
    this.#outbox = new Outbox(this.#writer, ledger.entries(OUTBOX_SHELF));
    this.#briefings = askEnricher(options.enricher, transport.briefingTimeoutMs ?? 5_000, clock, logger);
    this.#laneContext = {
      outbox: this.#outbox,
      log: this.#log,
      writer: this.#writer,
      clock,
      logger,
      pacer: new Pacer(),
      counters: this.#counters,
      random: transport.random ?? Math.random,
      giveUpAfterMs: transport.giveUpAfterMs ?? 6 * 3_600_000,
      attemptTimeoutMs: transport.attemptTimeoutMs ?? 60_000,
      send: (notifier, message, signal) => this.#send(notifier, message, signal),
    };
    this.#dispatcher = new Dispatcher(config, {
      store: this.#store,
      silences: this.#silences,
      log: this.#log,
      outbox: this.#outbox,
      writer: this.#writer,
      clock,
      deliveries: {
        integrationsOf: (receiver) => this.#integrationsOf(receiver),
        owe: (message) => this.#lanes.get(laneKey(message.receiver, message.integration))?.owe(message),
      },
    });
    this.#setUpLanes(config, options.templates);
    this.#restore(ledger);
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
    for (const lane of this.#lanes.values()) lane.start();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#waker.stop();
    await this.#running;
    this.#running = undefined;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
    await this.#writer.flush();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.notifier.close()));
  }

  async apply(config: AlertmanagerConfig, templates: readonly SourceText[]): Promise<void> {
    this.#config = config;
    const gone = this.#setUpLanes(config, templates);
    await Promise.all(gone.map((lane) => lane.stop()));
    this.#failOrphans();
    this.#dispatcher.apply(config);
    await this.#writer.flush();
    if (this.#running !== undefined) for (const lane of this.#lanes.values()) lane.start();
    this.#waker.wake();
  }

  alerts(): RoutedAlert[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#store.values()].map(({ alert }) => this.#routed(alert, nowMs));
  }

  groups(): AlertGroupStatus[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#dispatcher.groups]
      .map((group) => ({
        groupKey: group.key,
        receiver: group.node.route.receiver,
        labels: group.labels,
        alerts: [...group.members].flatMap((key) => {
          const stored = this.#store.get(key);
          return stored === undefined ? [] : [this.#routed(stored.alert, nowMs)];
        }),
        nextFlushAtMs: group.nextFlushAtMs,
        nextFlushMs: Math.max(0, group.nextFlushAtMs - nowMs),
        lastFlushAtMs: group.lastFlushAtMs,
      }))
      .sort((a, b) => (a.receiver + a.groupKey < b.receiver + b.groupKey ? -1 : 1));
  }

  deliveries(limit: number): Delivery[] {
    return this.#outbox.latest(limit).map((message) => this.#delivery(message));
  }

  receivers(): ReceiverStatus[] {
    const owed = this.#outbox.owed();
    return this.#config.receivers.map(({ name }) => ({
      name,
      integrations: this.#lanesOf(name).map((lane) => ({
        integration: lane.integration,
        target: lane.notifier.target,
        sendResolved: lane.notifier.sendResolved,
        owed: owed.filter((message) => message.receiver === name && message.integration === lane.integration).length,
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
    const lanes = [...this.#lanes.values()].filter((lane) => receiver === undefined || lane.receiver === receiver);
    return Promise.all(lanes.map((lane) => this.#testLane(lane)));
  }

  stats(): RouterStats {
    const nowMs = this.#clock.nowMs();
    const alerts = { active: 0, suppressed: 0, resolved: 0 };
    for (const { alert } of this.#store.values()) alerts[this.#routed(alert, nowMs).state]++;
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
      try {
        await this.#work();
      } catch (error) {
        // A bug of ours must not end the loop on which every alert depends.
        this.#options.logger.error('routing of alerts failed', { err: String((error as Error).stack ?? error) });
        await this.#clock.sleep(1_000);
      }
      await this.#waker.sleepUntil(Math.min(this.#dispatcher.nextFlushAtMs, this.#persistAtMs, this.#maintainAtMs));
    }
  }

  async #work(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const flushed = this.#dispatcher.flushDue();
    if (nowMs >= this.#maintainAtMs) {
      this.#maintainAtMs = nowMs + MAINTENANCE_MS;
      this.#log.expire(nowMs);
      this.#outbox.prune(nowMs);
      this.#store.forgetResolved(nowMs, (key) => this.#dispatcher.isMember(key));
    }
    if (flushed === 0 && nowMs < this.#persistAtMs) return;
    this.#persistAtMs = Number.POSITIVE_INFINITY;
    // Owed messages are durable, together with the log that says so, before the first of them leaves.
    await this.#writer.flush();
    if (flushed > 0) for (const lane of this.#lanes.values()) lane.wake();
  }

  /** One attempt at one message: by the words of the enricher, when it has some for this medium. */
  async #send(notifier: Notifier, message: OutboxMessage, signal: AbortSignal): Promise<Delivered> {
    const notification = toNotification(message);
    const briefing =
      notifier.kind === 'webhook' ? undefined : await this.#briefings.brief(notification, signal);
    return notifier.send(
      {
        id: message.id,
        notification,
        routeLabels: Labels.of(message.routeLabels),
        reason: message.reason,
        briefing,
        thread: message.thread,
        nowMs: this.#clock.nowMs(),
      },
      signal,
    );
  }

  async #testLane(lane: DeliveryLane): Promise<TestDelivery> {
    const { notifier, receiver, integration } = lane;
    const startedMs = this.#clock.nowMs();
    const report = { receiver, integration, target: notifier.target };
    const briefed = this.#options.enricher !== undefined && notifier.kind !== 'webhook';
    try {
      const { title, degraded } = await withTimeLimit(
        this.#clock,
        this.#laneContext.attemptTimeoutMs,
        new AbortController().signal,
        (signal) =>
          notifier.send(
            {
              id: `test-${this.#outbox.nextId(startedMs)}`,
              notification: testNotification(receiver, startedMs),
              routeLabels: Labels.empty,
              reason: 'first notification',
              briefing: briefed ? testBriefing(receiver, this.#options.externalUrl) : undefined,
              thread: `test ${startedMs}`,
              nowMs: startedMs,
            },
            signal,
          ),
      );
      const durationMs = this.#clock.nowMs() - startedMs;
      const { message: error, reason, hint } = degraded ?? {};
      return { ...report, ok: true, title, durationMs, error, reason, hint };
    } catch (thrown) {
      const { message: error, reason, hint } = toNotifyError(thrown);
      return { ...report, ok: false, title: '', durationMs: this.#clock.nowMs() - startedMs, error, reason, hint };
    }
  }

  /** Makes the lanes fit a configuration; yields those that are no longer part of it. */
  #setUpLanes(config: AlertmanagerConfig, sources: readonly SourceText[]): DeliveryLane[] {
    const { templates, problems } = parseNotificationTemplates(sources);
    for (const problem of problems) {
      this.#options.logger.error('notification template has a mistake', { file: problem.at.file, err: problem.message });
    }
    const readFile = this.#options.transport?.readFile ?? readTextFile;
    const wanted = new Set<string>();
    for (const receiver of config.receivers) {
      const context = { templates, externalUrl: this.#options.externalUrl, readFile };
      for (const [integration, notifier] of createNotifiers(receiver, context)) {
        const key = laneKey(receiver.name, integration);
        wanted.add(key);
        this.#counters.touch(receiver.name, notifier.kind);
        const lane = this.#lanes.get(key);
        if (lane !== undefined) lane.replace(notifier);
        else this.#lanes.set(key, new DeliveryLane(receiver.name, integration, notifier, this.#laneContext));
      }
    }
    const gone = [...this.#lanes].filter(([key]) => !wanted.has(key));
    for (const [key] of gone) this.#lanes.delete(key);
    return gone.map(([, lane]) => lane);
  }

  /** Goes on from what an earlier process left. */
  #restore(ledger: Ledger): void {
    const nowMs = this.#clock.nowMs();
    this.#store.restore(ledger.entries(ALERT_SHELF), nowMs, this.#config.global.resolveTimeoutMs);
    for (const message of this.#outbox.owed()) {
      this.#lanes.get(laneKey(message.receiver, message.integration))?.owe({ ...message, nextAttemptAtMs: nowMs });
    }
    this.#failOrphans();
    for (const alert of this.#store.alerts()) this.#dispatcher.add(alert);
  }

  /** Messages to what is no longer configured are not silently dropped: they are marked as failed. */
  #failOrphans(): void {
    for (const message of this.#outbox.owed()) {
      if (this.#lanes.has(laneKey(message.receiver, message.integration))) continue;
      const lastError = `${message.integration} of receiver ${JSON.stringify(message.receiver)} is no longer configured`;
      this.#outbox.put({
        ...message,
        state: 'failed',
        failedAtMs: this.#clock.nowMs(),
        lastError,
        lastReason: 'configuration',
      });
      const kind = message.integration.replace(/\[.*/, '');
      this.#counters.givenUp(message.receiver, kind, 'configuration');
      this.#options.logger.error('notification given up', { group: message.groupKey, err: lastError });
    }
  }

  #complete(alert: Alert, nowMs: number): Alert {
    const startsAtMs =
      alert.startsAtMs > 0 ? alert.startsAtMs : alert.endsAtMs > 0 ? Math.min(nowMs, alert.endsAtMs) : nowMs;
    const endsAtMs = alert.endsAtMs > 0 ? alert.endsAtMs : nowMs + this.#config.global.resolveTimeoutMs;
    return startsAtMs === alert.startsAtMs && endsAtMs === alert.endsAtMs ? alert : { ...alert, startsAtMs, endsAtMs };
  }

  #routed(alert: Alert, nowMs: number): RoutedAlert {
    const { silencedBy, inhibitedBy } = this.#dispatcher.quiet(alert.labels, nowMs);
    const routes = matchRoutes(this.#dispatcher.root, alert.labels);
    const muted = routes.map((node) => this.#dispatcher.mutedBy(node, nowMs));
    const everywhere = muted.length > 0 && muted.every((names) => names.length > 0);
    const quiet = silencedBy.length > 0 || inhibitedBy.length > 0 || everywhere;
    return {
      alert,
      fingerprint: fingerprint(alert.labels),
      state: isResolved(alert, nowMs) ? 'resolved' : quiet ? 'suppressed' : 'active',
      silencedBy,
      inhibitedBy: inhibitedBy.map((source) => fingerprint(source.labels)),
      mutedBy: [...new Set(muted.flat())],
      receivers: [...new Set(routes.map((node) => node.route.receiver))],
      updatedAtMs: this.#store.get(alert.labels.key)?.updatedAtMs ?? nowMs,
    };
  }

  #delivery(message: OutboxMessage): Delivery {
    const alerts = alertsOf(message);
    return {
      id: message.id,
      receiver: message.receiver,
      integration: message.integration,
      target: this.#lanes.get(laneKey(message.receiver, message.integration))?.notifier.target ?? '',
      state: message.state,
      status: statusOf(alerts, message.atMs),
      groupKey: message.groupKey,
      title: message.title,
      alerts,
      attempts: message.attempts,
      merged: message.merged,
      createdAtMs: message.createdAtMs,
      deliveredAtMs: message.deliveredAtMs,
      failedAtMs: message.failedAtMs,
      nextAttemptAtMs: message.state === 'owed' ? message.nextAttemptAtMs : undefined,
      lastError: message.lastError,
      lastReason: message.lastReason,
      hint: message.hint,
    };
  }

  #lanesOf(receiver: string): DeliveryLane[] {
    return [...this.#lanes.values()].filter((lane) => lane.receiver === receiver);
  }

  *#integrationsOf(receiver: string) {
    for (const lane of this.#lanes.values()) {
      if (lane.receiver !== receiver) continue;
      yield { integration: lane.integration, sendResolved: lane.notifier.sendResolved };
    }
  }
}

function laneKey(receiver: string, integration: string): string {
  return `${receiver}\u0000${integration}`;
}

function toNotification(message: OutboxMessage): Notification {
  const alerts = alertsOf(message);
  return {
    receiver: message.receiver,
    groupKey: message.groupKey,
    groupLabels: Labels.of(message.groupLabels),
    status: statusOf(alerts, message.atMs),
    alerts,
    atMs: message.atMs,
  };
}

function statusOf(alerts: readonly Alert[], atMs: number): 'firing' | 'resolved' {
  return alerts.some((alert) => !isResolved(alert, atMs)) ? 'firing' : 'resolved';
}
