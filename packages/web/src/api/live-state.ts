import type { CheckoutOverview } from './overview.ts';

/** Everything the overview page shows, sent whole by `GET /api/tillwatch/live` (server-sent events, event `state`). */
export interface LiveState {
  readonly nowMs: number;
  readonly version: string;
  readonly shop: {
    readonly name: string;
    readonly currency: string;
    readonly timezone: string;
    readonly language: string;
  };
  /** The promotion that is live or will be soon; `null` when there is none. */
  readonly promotion: LivePromotion | null;
  /** `null` when the engine runs on standard files alone, without a tillwatch.yaml, or while the first answer is computed. */
  readonly overview: CheckoutOverview | null;
  /** Why there is no overview, in words that can be shown; '' when there is one. */
  readonly overviewError: string;
  /** Pending and firing alerts, firing first, then the oldest first. */
  readonly alerts: readonly LiveAlert[];
  /** What was sent or is owed, newest first. */
  readonly deliveries: readonly LiveDelivery[];
  readonly targets: readonly LiveTarget[];
  /** What is wrong with the store of the watch: it holds samples in memory for want of a disk, or a damaged file was moved away. */
  readonly storeTrouble: 'unwritable' | 'quarantine' | null;
  /** The demo shop's switchboard and what its local Slack and mail servers received; `null` outside the demo. */
  readonly demo: LiveDemo | null;
}

/** A planned surge in the calendar. */
export interface LivePromotion {
  readonly name: string;
  readonly phase: 'ahead' | 'live';
  readonly fromMs: number;
  readonly toMs: number;
  readonly expectedFactor: number;
}

/** An alert that is pending or firing. */
export interface LiveAlert {
  readonly name: string;
  /** What sort of trouble it tells of: alerts of several names and layers can tell of the same. The name itself for alerts of the shop's own. */
  readonly trouble: string;
  readonly state: 'pending' | 'firing';
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly runbookUrl: string;
  readonly activeAtMs: number;
  readonly value: number | null;
}

export interface LiveDelivery {
  readonly id: string;
  readonly receiver: string;
  readonly integration: string;
  readonly state: 'owed' | 'delivered' | 'failed';
  readonly status: 'firing' | 'resolved';
  readonly title: string;
  readonly alerts: readonly string[];
  readonly attempts: number;
  readonly lastError: string;
  readonly createdAtMs: number;
  readonly deliveredAtMs: number | null;
}

export interface LiveTarget {
  readonly job: string;
  readonly instance: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly lastScrapeMs: number | null;
  /** Series of its last page that were left out because there are too many. */
  readonly seriesDropped: number;
}

export interface LiveDemo {
  readonly shopUrl: string;
  readonly faults: readonly {
    readonly name: string;
    readonly title: string;
    readonly description: string;
    readonly active: boolean;
    readonly expect: 'page' | 'inform' | 'none';
  }[];
  /** Newest first, the latest 50. */
  readonly messages: readonly DemoMessage[];
}

/** A message exactly as the demo's local servers received it. */
export type DemoMessage =
  | {
      readonly kind: 'slack';
      readonly id: string;
      readonly receivedAtMs: number;
      readonly path: string;
      readonly body: SlackBody;
    }
  | {
      readonly kind: 'email';
      readonly id: string;
      readonly receivedAtMs: number;
      readonly from: string;
      readonly to: string;
      readonly subject: string;
      readonly text: string;
      readonly html: string;
      readonly source: string;
    };

/** The JSON that was posted to the webhook. */
export type SlackBody = Readonly<Record<string, unknown>>;
