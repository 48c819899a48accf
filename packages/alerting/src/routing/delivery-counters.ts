import type { NotifyReason } from '../notify/notify-error.ts';

/** What became of the attempts to tell one receiver by one kind of medium. All figures only grow. */
export interface DeliveryStats {
  readonly receiver: string;
  readonly integration: string;
  /** Messages that the receiver confirmed. */
  readonly sent: number;
  /** Attempts that failed, by reason. */
  readonly failed: Readonly<Partial<Record<NotifyReason, number>>>;
  /** Messages that will not be tried again, by reason. */
  readonly givenUp: Readonly<Partial<Record<NotifyReason, number>>>;
  readonly attempts: number;
  readonly attemptMsTotal: number;
}

interface Counts {
  sent: number;
  failed: Partial<Record<NotifyReason, number>>;
  givenUp: Partial<Record<NotifyReason, number>>;
  attempts: number;
  attemptMsTotal: number;
}

/** Counts deliveries by receiver and kind of medium. */
export class DeliveryCounters {
  readonly #counts = new Map<string, Counts>();

  /** Makes the counters of a receiver exist, at zero: a first failure must be visible to `rate`. */
  touch(receiver: string, integration: string): void {
    this.#of(receiver, integration);
  }

  sent(receiver: string, integration: string): void {
    this.#of(receiver, integration).sent++;
  }

  failed(receiver: string, integration: string, reason: NotifyReason): void {
    const { failed } = this.#of(receiver, integration);
    failed[reason] = (failed[reason] ?? 0) + 1;
  }

  givenUp(receiver: string, integration: string, reason: NotifyReason): void {
    const { givenUp } = this.#of(receiver, integration);
    givenUp[reason] = (givenUp[reason] ?? 0) + 1;
  }

  attemptMs(receiver: string, integration: string, ms: number): void {
    const counts = this.#of(receiver, integration);
    counts.attempts++;
    counts.attemptMsTotal += ms;
  }

  stats(): DeliveryStats[] {
    return [...this.#counts].map(([key, counts]) => {
      const [receiver = '', integration = ''] = key.split('\u0000');
      return { receiver, integration, ...counts, failed: { ...counts.failed }, givenUp: { ...counts.givenUp } };
    });
  }

  #of(receiver: string, integration: string): Counts {
    const key = `${receiver}\u0000${integration}`;
    let counts = this.#counts.get(key);
    if (counts === undefined) {
      counts = { sent: 0, failed: {}, givenUp: {}, attempts: 0, attemptMsTotal: 0 };
      this.#counts.set(key, counts);
    }
    return counts;
  }
}
