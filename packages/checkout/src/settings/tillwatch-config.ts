import type { Labels } from '@tillwatch/model';
import type { MessageOverride } from '../words/briefing-words.ts';

/** Whose words a message is written in. */
export type Audience = 'dev' | 'ops' | 'business';

/** How loud an alert is: `page` wakes somebody, `inform` can wait until somebody looks. */
export type Severity = 'page' | 'inform';

/** A secret as it is named in tillwatch.yaml: by environment variable, by file, or (warned about) in plain sight. */
export type SecretSource =
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'value'; readonly reveal: () => string };

/** What tillwatch.yaml says, with every default filled in. Shares are 0 to 1, durations are in ms. */
export interface TillwatchConfig {
  readonly shop: ShopSettings;
  readonly targets: readonly TargetSettings[];
  readonly scrape: {
    readonly intervalMs: number;
    readonly timeoutMs: number;
    readonly evaluationIntervalMs: number;
  };
  readonly objectives: Objectives;
  readonly journey: JourneySettings;
  /** In the order of the file; the first team takes what no other team receives. */
  readonly teams: readonly TeamSettings[];
  readonly messages: MessageSettings;
  /** Files to which the shop writes its failure lines; paths as written, relative to tillwatch.yaml. */
  readonly logs: readonly { readonly file: string }[];
  readonly mail: MailSettings;
  readonly promotions: readonly Promotion[];
  readonly readiness: ReadinessSettings;
  readonly metrics: MetricMapping;
  readonly limits: SeriesLimitSettings;
  readonly retentionMs: number;
}

/** How many series the embedded engine takes; beyond that it leaves out what is new. 0 is no limit. */
interface SeriesLimitSettings {
  /** Series of one target at a time, and new ones of it within an hour. */
  readonly seriesPerTarget: number;
  /** Series in the store, of all targets together. */
  readonly series: number;
}

interface ShopSettings {
  readonly name: string;
  /** ISO 4217. */
  readonly currency: string;
  /** IANA name. */
  readonly timezone: string;
  /** BCP 47; words exist in English and German. */
  readonly language: string;
  /** Major units; used until enough orders were seen. */
  readonly averageOrderValue: number | undefined;
  /** How many units of `currency` one unit of another currency is worth. Amounts in currencies without a rate are kept apart. */
  readonly rates: Readonly<Record<string, number>>;
  /** Where Tillwatch's page is served, without a slash at the end. */
  readonly pageUrl: string;
  /** The Grafana (or other) dashboard to link to; the page itself by default. */
  readonly dashboardUrl: string;
  /** What `/<alert name>` is appended to for the runbook of an alert. */
  readonly runbookUrl: string;
}

export interface TargetSettings {
  readonly job: string;
  readonly scheme: 'http' | 'https';
  /** `host:port`. */
  readonly addresses: readonly string[];
  readonly metricsPath: string;
  readonly labels: Labels;
  readonly intervalMs: number | undefined;
}

interface Objectives {
  /** Smallest share of technically finished checkouts that must succeed. */
  readonly successRate: number;
  /** Largest share of technically finished checkouts that may fail. */
  readonly errorRate: number;
  /** Orders below this share of what the recent past lets expect are a drastic drop. */
  readonly ordersDropBelow: number;
  /** The recent past that orders and attempts are compared with. */
  readonly comparedWithMs: number;
  /** No checkout at all for this long pages even when little was expected; `undefined`: never. */
  readonly silenceMs: number | undefined;
  /** Largest p95 of a step, seconds. */
  readonly stepP95Seconds: number;
  /** Largest p95 of a database query, seconds. */
  readonly databaseP95Seconds: number;
  /** Largest share of declined payments before somebody is informed. */
  readonly declineRate: number;
  /** Largest share of 5xx answers of a checkout route. */
  readonly serverErrorRate: number;
  /** Finished checkouts that a window must hold before its rate is judged. */
  readonly minimumEvents: number;
  /** Failures that a window must hold before anybody is told. */
  readonly minimumFailures: number;
  /** Error budgets; the checkout's own is the first. */
  readonly budgets: readonly BudgetSettings[];
}

/** An objective over a long window, whose error budget rules keep account of. */
export interface BudgetSettings {
  /** The value of the label `objective`. */
  readonly name: string;
  readonly description: string;
  /** The share of events that must be good, 0 to 1. */
  readonly target: number;
  readonly windowMs: number;
  readonly sli: ServiceLevelIndicator;
  /** How loud it is when the budget burns so fast that it is gone within days. Slow burn always informs. */
  readonly burn: Severity;
  /** Bad events that a window must hold before anybody is told. */
  readonly minimumErrors: number;
}

/** What is good and what is bad: counters of bad and of all events, or a histogram of durations and a limit. */
export type ServiceLevelIndicator =
  | { readonly kind: 'ratio'; readonly errors: string; readonly total: string }
  | { readonly kind: 'latency'; readonly histogram: string; readonly belowSeconds: number };

interface JourneySettings {
  /** In the order that a customer goes through them. */
  readonly steps: readonly string[];
  readonly providers: readonly string[];
  readonly channels: readonly string[];
  readonly regions: readonly string[];
  /** Routes (as in the `route` label) of the pages from which a customer starts a checkout. */
  readonly pageRoutes: readonly string[];
  /** An anchored RE2 expression for the routes whose 5xx answers page. */
  readonly checkoutRoutes: string;
}

export interface TeamSettings {
  /** Also the name of its receiver. */
  readonly name: string;
  readonly audience: Audience;
  readonly language: string;
  /** IANA name; times in the team's messages are in it. */
  readonly timezone: string;
  readonly receives: readonly Severity[];
  readonly slack: { readonly webhook: SecretSource; readonly channel: string | undefined } | undefined;
  readonly email: { readonly to: readonly string[] } | undefined;
}

interface MessageSettings {
  /** Folder of changed texts as written, relative to tillwatch.yaml. */
  readonly dir: string | undefined;
  /** What was read from it; empty until somebody has. */
  readonly overrides: readonly MessageOverride[];
}

export interface MailSettings {
  readonly from: string;
  /** Environment variable that holds `smtp://user:password@host:port`; wins over the fields below where it is set. */
  readonly smtpUrlEnv: string;
  readonly host: string | undefined;
  readonly port: number;
  readonly tls: 'required' | 'optional';
  readonly username: string | undefined;
  readonly password: SecretSource | undefined;
}

/** A planned surge. */
export interface Promotion {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** How many times the usual traffic is expected. */
  readonly expectedFactor: number;
  /** How long after `fromMs` the factor is reached, and how long after `toMs` it is gone; half of the promotion at most. */
  readonly rampMs: number;
}

/** The check before a promotion. */
export interface ReadinessSettings {
  /** How long before the start the teams are told whether all is ready. */
  readonly beforeMs: number;
  /** Every receiver must have taken a message within this time. */
  readonly testedWithinMs: number;
  /** How much of a processor, pool or memory may be in use at the expected peak, 0 to 1. */
  readonly utilisation: number;
}

/** Series of a shop with other metric names, and the labels that they stand for. */
export interface MappedSeries {
  /** A PromQL vector selector. */
  readonly series: string;
  /** Our label name -> the shop's label name. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels with a fixed value. */
  readonly fixed: Readonly<Record<string, string>>;
}

interface MetricMapping {
  readonly attempts: readonly MappedSeries[];
  readonly outcomes: readonly MappedSeries[];
  readonly orderValue: readonly MappedSeries[];
}
