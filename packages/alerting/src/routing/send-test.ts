import { type Clock, Labels } from '@tillwatch/model';
import { toNotifyError } from '../notify/notify-error.ts';
import { testBriefing, testNotification } from '../notify/test-message.ts';
import { withTimeLimit } from '../notify/time-limit.ts';
import type { DeliveryLane } from './delivery-lane.ts';
import type { TestDelivery } from './statuses.ts';

/** How a test message is made. */
export interface TestOptions {
  readonly id: string;
  readonly externalUrl: string;
  readonly timeoutMs: number;
  /** Do this receiver's messages come as briefings? */
  readonly briefed: boolean;
}

/** Sends a marked test message by a lane's notifier, past the outbox: somebody waits for the answer. Never rejects. */
export async function sendTest(lane: DeliveryLane, clock: Clock, options: TestOptions): Promise<TestDelivery> {
  const { notifier, receiver, integration } = lane;
  const startedMs = clock.nowMs();
  const isBriefed = options.briefed && notifier.kind !== 'webhook';
  const message = {
    id: options.id,
    notification: testNotification(receiver, startedMs),
    routeLabels: Labels.empty,
    reason: 'first notification',
    briefing: isBriefed ? testBriefing(receiver, options.externalUrl) : undefined,
    thread: options.id,
    nowMs: startedMs,
  };
  const report = { receiver, integration, target: notifier.target };
  try {
    const { title, degraded } = await withTimeLimit(clock, options.timeoutMs, new AbortController().signal, (signal) =>
      notifier.send(message, signal),
    );
    const { message: error, reason, hint } = degraded ?? {};
    return { ...report, ok: true, title, durationMs: clock.nowMs() - startedMs, error, reason, hint };
  } catch (thrown) {
    const { message: error, reason, hint } = toNotifyError(thrown);
    return { ...report, ok: false, title: '', durationMs: clock.nowMs() - startedMs, error, reason, hint };
  }
}
