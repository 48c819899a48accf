import type { AlertmanagerConfig } from '@tillwatch/config';
import type { SourceText } from '@tillwatch/model';
import { createNotifiers } from '../notify/create-notifier.ts';
import type { ReadFile } from '../notify/files.ts';
import { type NotificationTemplates, parseNotificationTemplates } from '../template/index.ts';
import { DeliveryLane, type LaneContext } from './delivery-lane.ts';
import type { Deliveries } from './dispatcher.ts';
import type { OutboxMessage } from './outbox.ts';

/** What the lanes' notifiers are made with. */
export interface LanesOptions {
  readonly externalUrl: string;
  readonly readFile: ReadFile;
}

const RETRY_AFTER_RESTART_MS = 30_000;

/** The ways out of a configuration: one lane for each integration of each receiver. */
export class Lanes implements Deliveries {
  readonly #context: LaneContext;
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, DeliveryLane>();
  #templates: NotificationTemplates;

  constructor(context: LaneContext, options: LanesOptions, config: AlertmanagerConfig, sources: readonly SourceText[]) {
    this.#context = context;
    this.#options = options;
    this.#templates = this.#read(sources);
    this.#setUp(config);
  }

  get templates(): NotificationTemplates {
    return this.#templates;
  }

  all(): DeliveryLane[] {
    return [...this.#lanes.values()];
  }

  of(receiver: string): DeliveryLane[] {
    return this.all().filter((lane) => lane.receiver === receiver);
  }

  get(receiver: string, integration: string): DeliveryLane | undefined {
    return this.#lanes.get(laneKey(receiver, integration));
  }

  *integrationsOf(receiver: string): Generator<{ readonly integration: string; readonly sendResolved: boolean }> {
    for (const lane of this.#lanes.values()) {
      if (lane.receiver !== receiver) continue;
      yield { integration: lane.integration, sendResolved: lane.notifier.sendResolved };
    }
  }

  owe(message: OutboxMessage): void {
    this.get(message.receiver, message.integration)?.owe(message);
  }

  start(): void {
    for (const lane of this.#lanes.values()) lane.start();
  }

  wake(): void {
    for (const lane of this.#lanes.values()) lane.wake();
  }

  async stop(): Promise<void> {
    await Promise.all(this.all().map((lane) => lane.stop()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all().map((lane) => lane.notifier.close()));
  }

  /** Makes the lanes fit a configuration. Those that are no part of it any more are stopped. */
  async apply(config: AlertmanagerConfig, sources: readonly SourceText[]): Promise<void> {
    this.#templates = this.#read(sources);
    const gone = this.#setUp(config);
    await Promise.all(gone.map((lane) => lane.stop()));
    await Promise.all(gone.map((lane) => lane.notifier.close()));
    this.failOrphans();
  }

  /** Takes up what an earlier process owed. */
  restore(): void {
    // The receiver may have asked us to wait; but a restart is often meant to make things better, so not for long.
    const latestMs = this.#context.clock.nowMs() + RETRY_AFTER_RESTART_MS;
    for (const message of this.#context.outbox.owed()) {
      this.owe({ ...message, nextAttemptAtMs: Math.min(message.nextAttemptAtMs, latestMs) });
    }
    this.failOrphans();
  }

  /** Messages to what is no longer configured are not silently dropped: they are marked as failed. */
  failOrphans(): void {
    const { outbox, clock, counters, logger } = this.#context;
    for (const message of outbox.owed()) {
      const { receiver, integration } = message;
      if (this.#lanes.has(laneKey(receiver, integration))) continue;
      const lastError = `${integration} of receiver ${JSON.stringify(receiver)} is no longer configured`;
      outbox.put({ ...message, state: 'failed', failedAtMs: clock.nowMs(), lastError, lastReason: 'configuration' });
      counters.givenUp(receiver, integration.replace(/\[.*/, ''), 'configuration');
      logger.error('notification given up', { group: message.groupKey, err: lastError });
    }
  }

  #read(sources: readonly SourceText[]): NotificationTemplates {
    const { templates, problems } = parseNotificationTemplates(sources);
    for (const { at, message } of problems) {
      this.#context.logger.error('notification template has a mistake', { file: at.file, err: message });
    }
    return templates;
  }

  #setUp(config: AlertmanagerConfig): DeliveryLane[] {
    const wanted = new Set<string>();
    for (const receiver of config.receivers) {
      const notifiers = createNotifiers(receiver, { templates: this.#templates, ...this.#options });
      for (const [integration, notifier] of notifiers) {
        const key = laneKey(receiver.name, integration);
        wanted.add(key);
        this.#context.counters.touch(receiver.name, notifier.kind);
        const lane = this.#lanes.get(key);
        if (lane !== undefined) lane.replace(notifier);
        else this.#lanes.set(key, new DeliveryLane(receiver.name, integration, notifier, this.#context));
      }
    }
    const gone = [...this.#lanes].filter(([key]) => !wanted.has(key));
    for (const [key] of gone) this.#lanes.delete(key);
    return gone.map(([, lane]) => lane);
  }
}

function laneKey(receiver: string, integration: string): string {
  return `${receiver}\u0000${integration}`;
}
