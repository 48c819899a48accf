import type { AlertEnricher, Briefing, Clock, Logger, Notification } from '@tillwatch/model';
import { withTimeLimit } from './time-limit.ts';

/** Asks for a briefing and never waits long for it, nor fails because of it. */
export interface BriefingSource {
  brief(notification: Notification, signal: AbortSignal): Promise<Briefing | undefined>;
  /** How often there was no briefing because the enricher failed or was too slow. */
  readonly failures: number;
}

/** `undefined` as enricher: there is never a briefing. */
export function askEnricher(
  enricher: AlertEnricher | undefined,
  limitMs: number,
  clock: Clock,
  logger: Logger,
): BriefingSource {
  let failures = 0;
  return {
    get failures() {
      return failures;
    },
    async brief(notification, signal) {
      if (enricher === undefined) return undefined;
      try {
        return await withTimeLimit(clock, limitMs, signal, async () => enricher.brief(notification));
      } catch (error) {
        if (signal.aborted) throw error;
        failures++;
        logger.warn('no briefing for a notification; sending it without', {
          receiver: notification.receiver,
          group: notification.groupKey,
          err: error instanceof Error ? error.message : String(error),
        });
        return undefined;
      }
    },
  };
}
