import type { Clock, Logger } from '@tillwatch/model';
import { backoffMs, DEFAULT_BACKOFF } from '../notify/backoff.ts';
import type { Delivered, Notifier } from '../notify/notifier.ts';
import { NotifyError, toNotifyError } from '../notify/notify-error.ts';
import { withTimeLimit } from '../notify/time-limit.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import type { DeliveryTimes } from './delivery-times.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { NotificationLog } from './notification-log.ts';
import { logKey } from './notification-log.ts';
import { mergeMessages, type Outbox, type OutboxMessage } from './outbox.ts';
import type { Pacer } from './pacer.ts';
import { Waker } from './waker.ts';

/** What all lanes share. */
export interface LaneContext {
  readonly outbox: Outbox;
  readonly log: NotificationLog;
  readonly writer: LedgerWriter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pacer: Pacer;
  readonly counters: DeliveryCounters;
  readonly times: DeliveryTimes;
  readonly random: () => number;
  /** A message that could not be delivered for this long is given up, loudly. */
  readonly giveUpAfterMs: number;
  /** The longest that one attempt may take. */
  readonly attemptTimeoutMs: number;
  /** Sends one message: asks for the briefing, renders, posts. */
  send(notifier: Notifier, message: OutboxMessage, signal: AbortSignal): Promise<Delivered>;
}

/** How long `stop` lets a message that is on its way arrive. */
const STOP_GRACE_MS = 5_000;

/**
 * Delivers what is owed to one integration of one receiver, one message at a time. Each group has at most one message
 * waiting: a newer one takes the place of an older one that was not delivered, so order within a group cannot be broken,
 * and a receiver that comes back is told the present and not the past. Groups wait for themselves alone: one message that is
 * refused again and again does not hold up the others.
 */
export class DeliveryLane {
  readonly receiver: string;
  readonly integration: string;
  #notifier: Notifier;
  readonly #context: LaneContext;
  readonly #waker: Waker;
  readonly #waiting = new Map<string, OutboxMessage>();
  #attempting: Promise<void> = Promise.resolve();
  /** The receiver as a whole asked us to wait. */
  #pausedUntilMs = 0;
  #running: Promise<void> | undefined;
  #abort = new AbortController();

  constructor(receiver: string, integration: string, notifier: Notifier, context: LaneContext) {
    this.receiver = receiver;
    this.integration = integration;
    this.#notifier = notifier;
    this.#context = context;
    this.#waker = new Waker(context.clock);
  }

  get notifier(): Notifier {
    return this.#notifier;
  }

  /** From the next attempt on, messages leave by `notifier`; the former one is closed. */
  replace(notifier: Notifier): void {
    const former = this.#notifier;
    this.#notifier = notifier;
    // What is on its way may still arrive by the former one.
    void this.#attempting.then(() => former.close());
    // What waits for a broken setting to heal should not wait longer than the person who corrected it.
    const nowMs = this.#context.clock.nowMs();
    this.#pausedUntilMs = 0;
    for (const [group, message] of this.#waiting) {
      if (message.nextAttemptAtMs > nowMs) this.#waiting.set(group, { ...message, nextAttemptAtMs: nowMs });
    }
    this.#waker.wake();
  }

  /**
   * Takes a message that is owed. It may take the place of one that waits; the caller flushes the writer afterwards and
   * then calls `wake`.
   */
  owe(message: OutboxMessage): void {
    const older = this.#waiting.get(message.groupKey);
    if (older !== undefined && older.id !== message.id) this.#context.outbox.remove(older.id);
    const owed = older === undefined || older.id === message.id ? message : mergeMessages(older, message);
    this.#waiting.set(message.groupKey, owed);
    this.#context.outbox.put(owed);
  }

  /** Lets the loop look for work. */
  wake(): void {
    this.#waker.wake();
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#waker.reset();
    this.#abort = new AbortController();
    this.#running = this.#run();
  }

  /** Resolves when nothing is on its way any more. What was not confirmed stays owed. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#waker.stop();
    const graceOver = new AbortController();
    const grace = this.#context.clock.sleep(STOP_GRACE_MS, graceOver.signal).then(
      () => this.#abort.abort(new NotifyError('timeout', 'stopped while the message was on its way')),
      () => {},
    );
    await running;
    graceOver.abort();
    await grace;
    this.#running = undefined;
  }

  async #run(): Promise<void> {
    while (!this.#waker.stopped) {
      const nowMs = this.#context.clock.nowMs();
      const next = this.#next();
      const dueMs = next === undefined ? Number.POSITIVE_INFINITY : this.#dueMs(next);
      if (next === undefined || dueMs > nowMs) {
        await this.#waker.sleepUntil(dueMs);
        continue;
      }
      this.#attempting = this.#attempt(next);
      await this.#attempting;
    }
  }

  /** The message that is due first. */
  #next(): OutboxMessage | undefined {
    let first: OutboxMessage | undefined;
    for (const message of this.#waiting.values()) {
      if (first === undefined || message.nextAttemptAtMs < first.nextAttemptAtMs) first = message;
    }
    return first;
  }

  #dueMs(message: OutboxMessage): number {
    const pace = this.#notifier.pace;
    const pacedMs = pace === undefined ? 0 : this.#context.pacer.freeAtMs(pace.key);
    return Math.max(message.nextAttemptAtMs, this.#pausedUntilMs, pacedMs);
  }

  async #attempt(message: OutboxMessage): Promise<void> {
    const { clock, counters, pacer, attemptTimeoutMs } = this.#context;
    const notifier = this.#notifier;
    if (notifier.pace !== undefined) pacer.take(notifier.pace, clock.nowMs());
    this.#waiting.delete(message.groupKey);
    const startedMs = clock.nowMs();
    try {
      const delivered = await withTimeLimit(
        clock,
        Math.min(attemptTimeoutMs, notifier.timeoutMs ?? attemptTimeoutMs),
        this.#abort.signal,
        (signal) => this.#context.send(notifier, message, signal),
      );
      this.#delivered(message, delivered);
    } catch (thrown) {
      const error = toNotifyError(thrown);
      if (this.#abort.signal.aborted) this.#putBack(message);
      else this.#failed(message, error);
    } finally {
      counters.attemptMs(this.receiver, notifier.kind, clock.nowMs() - startedMs);
    }
    await this.#context.writer.flush();
  }

  #delivered(message: OutboxMessage, { title, degraded }: Delivered): void {
    const { clock, counters, logger, outbox, times } = this.#context;
    const { kind, target } = this.#notifier;
    counters.sent(this.receiver, kind);
    times.delivered(this.receiver, this.integration, target, clock.nowMs());
    if (degraded !== undefined) {
      counters.failed(this.receiver, kind, degraded.reason);
      logger.error('notification sent in plain form', this.#fields(message, degraded));
    }
    outbox.put({
      ...message,
      state: 'delivered',
      attempts: message.attempts + 1,
      deliveredAtMs: clock.nowMs(),
      title,
      lastError: degraded?.message,
      lastReason: degraded?.reason,
      hint: degraded?.hint,
    });
  }

  #failed(message: OutboxMessage, error: NotifyError): void {
    const { clock, counters, logger, outbox, log, random } = this.#context;
    const nowMs = clock.nowMs();
    counters.failed(this.receiver, this.#notifier.kind, error.reason);
    const attempts = message.attempts + 1;
    const waitMs = backoffMs(DEFAULT_BACKOFF, attempts, random, error.retryAfterMs);
    const tried = {
      ...message,
      attempts,
      lastError: error.message,
      lastReason: error.reason,
      hint: error.hint,
      nextAttemptAtMs: nowMs + waitMs,
    };
    if (error.retryAfterMs !== undefined) this.#pausedUntilMs = nowMs + waitMs;

    const isReplaced = this.#waiting.has(message.groupKey);
    const isExpired = tried.nextAttemptAtMs - message.createdAtMs > this.#context.giveUpAfterMs;
    if (error.retryable && (isReplaced || !isExpired)) {
      this.#putBack(tried);
      logger.warn('notification failed; it will be tried again', this.#fields(tried, error));
    } else {
      const lastReason = error.retryable ? 'expired' : error.reason;
      if (lastReason === 'expired') counters.failed(this.receiver, this.#notifier.kind, 'expired');
      counters.givenUp(this.receiver, this.#notifier.kind, lastReason);
      outbox.put({ ...tried, state: 'failed', failedAtMs: nowMs, lastReason });
      // Nobody was told: the group's next tick shall find so, and try anew while the alert still fires.
      log.forget(logKey(message.groupKey, this.receiver, this.integration), message.id);
      logger.error('notification given up', this.#fields(tried, error));
    }
  }

  /** Lets a message wait again, within a newer one about its group when there is one by now. */
  #putBack(message: OutboxMessage): void {
    const { outbox } = this.#context;
    const newer = this.#waiting.get(message.groupKey);
    let waiting = message;
    if (newer !== undefined) {
      outbox.remove(message.id);
      const { attempts, nextAttemptAtMs, lastError, lastReason, hint } = message;
      waiting = { ...mergeMessages(message, newer), attempts, nextAttemptAtMs, lastError, lastReason, hint };
    }
    this.#waiting.set(message.groupKey, waiting);
    outbox.put(waiting);
  }

  #fields(message: OutboxMessage, error: NotifyError) {
    return {
      receiver: this.receiver,
      integration: this.integration,
      group: message.groupKey,
      reason: error.reason,
      attempts: message.attempts,
      err: error.message,
    };
  }
}
