import {
  type Alert,
  type AlertEnricher,
  alertName,
  type Clock,
  isResolved,
  type Notification,
  type Querier,
} from '@tillwatch/model';
import type { Promotion, TillwatchConfig } from '../settings/tillwatch-config.ts';
import { readerOf, readinessBriefing, reportBriefing } from './compose.ts';
import { judgeReadiness, type Readiness } from './readiness.ts';
import { type ReadinessFacts, readReadinessFacts, type WatchState } from './readiness-facts.ts';
import { measureReport, type PromotionReport } from './report.ts';

/** What the desk works with. */
export interface PromotionDeskOptions {
  /** Asked for weeks at a time: it should not be in the way of rules and messages. */
  readonly querier: Querier;
  readonly config: () => TillwatchConfig;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Where Tillwatch's page is reached, for links. */
  readonly pageUrl: string;
  /** What the watch knows about itself; `undefined` beside a stack that does not tell. */
  readonly watch?: (() => WatchState) | undefined;
}

/** When a promotion is, as seen from now. */
export type PromotionPhase = 'ahead' | 'live' | 'over';

/** One promotion of the calendar, with its check while it is ahead or live, and its report once it has begun. */
export interface PromotionView {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly expectedFactor: number;
  readonly phase: PromotionPhase;
  /** `null` when it is over, or too far ahead for its check to mean anything. */
  readonly readiness: Readiness | null;
  /** `null` while it is ahead, and when its samples are gone. */
  readonly report: PromotionReport | null;
}

/** The calendar as the page shows it. Plain JSON. */
export interface PromotionCalendar {
  /** How its times and amounts are written. */
  readonly shop: {
    readonly name: string;
    readonly currency: string;
    readonly timezone: string;
    readonly language: string;
  };
  readonly nowMs: number;
  /** Those that are live or ahead in their order, then those that are over, the latest first. */
  readonly promotions: readonly PromotionView[];
}

/** The calendar of promotions: who asks, is told what is ready, and what came of it. */
export interface PromotionDesk extends AlertEnricher {
  /** Every promotion. */
  calendar(): Promise<PromotionCalendar>;
  /** The check of one promotion now, in `language` (BCP 47; the shop's by default). Rejects with `UnknownPromotionError`. */
  readiness(name: string, language?: string): Promise<Readiness>;
  /**
   * Begins to measure what a message about these alerts will say, since whoever asks for a briefing does not wait long. Cheap
   * when none of them is about a promotion, and when it was told about before.
   */
  prepare(alerts: readonly Alert[]): void;
  /** What came of one promotion until now. Rejects with `UnknownPromotionError`. */
  report(name: string): Promise<PromotionReport>;
}

/** Nobody planned a promotion of this name; the message names those that there are. */
export class UnknownPromotionError extends Error {
  override readonly name = 'UnknownPromotionError';
}

/** Reports of this many promotions that are over are measured for the list; `report` answers for all. */
const LISTED_REPORTS = 3;
const LISTED_CHECKS = 3;

const MOST_PREPARED = 500;

/** Whoever looks sees figures that are at most this old; what was mended shows soon. */
const FRESH_MS = 5_000;
/** A message takes what was measured ahead of it. */
const PREPARED_MS = 180_000;
/** What is over changes no more. */
const SETTLED_MS = 3_600_000;

/** Sets up the desk. Figures are measured when somebody asks. */
export function createPromotionDesk(options: PromotionDeskOptions): PromotionDesk {
  const { querier, config, clock, pageUrl } = options;
  const facts = new Fresh<Omit<ReadinessFacts, 'watch'>>(clock);
  const reports = new Fresh<PromotionReport>(clock);
  const prepared = new Set<string>();

  const readFacts = async (maxAgeMs: number): Promise<ReadinessFacts> => {
    const measured = await facts.get('facts', maxAgeMs, () => readReadinessFacts(querier, config(), clock.nowMs()));
    // The watch knows itself at once.
    return { ...measured, watch: options.watch?.() };
  };
  const readReport = (promotion: Promotion, maxAgeMs: number) => {
    const isSettled = clock.nowMs() > promotion.toMs + promotion.rampMs + SETTLED_MS;
    const key = `${promotion.name} ${promotion.fromMs} ${promotion.toMs} ${promotion.expectedFactor} ${isSettled}`;
    return reports.get(key, isSettled ? SETTLED_MS : maxAgeMs, () =>
      measureReport(querier, config(), promotion, clock.nowMs()),
    );
  };
  const judge = (measured: ReadinessFacts, promotion: Promotion, language: string) => {
    const { words, numbers } = readerOf(config(), 'page', language);
    return judgeReadiness(measured, promotion, { settings: config().readiness, words, numbers, pageUrl });
  };
  const find = (name: string): Promotion => {
    const { promotions } = config();
    const promotion = promotions.find((one) => one.name === name);
    if (promotion !== undefined) return promotion;
    const names = promotions.map((one) => JSON.stringify(one.name)).join(', ');
    throw new UnknownPromotionError(
      `there is no promotion ${JSON.stringify(name)}; ${names === '' ? 'tillwatch.yaml has none' : `there are: ${names}`}`,
    );
  };

  return {
    async calendar() {
      const { promotions, shop, retentionMs } = config();
      const nowMs = clock.nowMs();
      const coming = promotions.filter(({ toMs }) => nowMs < toMs);
      const over = promotions.filter(({ toMs }) => toMs <= nowMs).sort((a, b) => b.toMs - a.toMs);
      const measured = coming.length === 0 ? undefined : await readFacts(FRESH_MS);
      const views: PromotionView[] = [];
      for (const [i, promotion] of [...coming, ...over].entries()) {
        const phase = phaseOf(promotion, nowMs);
        const isKept = promotion.fromMs > nowMs - retentionMs;
        const isListed = phase === 'live' || (phase === 'over' && i - coming.length < LISTED_REPORTS && isKept);
        const { name, fromMs, toMs, expectedFactor } = promotion;
        views.push({
          name,
          fromMs,
          toMs,
          expectedFactor,
          phase,
          readiness:
            measured === undefined || phase === 'over' || i >= LISTED_CHECKS
              ? null
              : judge(measured, promotion, shop.language),
          report: isListed ? await readReport(promotion, 6 * FRESH_MS) : null,
        });
      }
      const { name, currency, timezone, language } = shop;
      return { shop: { name, currency, timezone, language }, nowMs, promotions: views };
    },
    async readiness(name, language = config().shop.language) {
      const promotion = find(name);
      return judge(await readFacts(FRESH_MS), promotion, language);
    },
    async report(name) {
      return readReport(find(name), FRESH_MS);
    },
    prepare(alerts) {
      const nowMs = clock.nowMs();
      for (const alert of alerts) {
        const promotion = promotionOf([alert], config());
        if (promotion === undefined) continue;
        const isAhead = !isResolved(alert, nowMs) && nowMs < promotion.fromMs;
        const key = `${promotion.name} ${alert.startsAtMs} ${isAhead ? 'ahead' : isResolved(alert, nowMs)}`;
        if (prepared.has(key)) continue;
        if (prepared.size >= MOST_PREPARED) prepared.clear();
        prepared.add(key);
        // Whoever asks for the briefing is told what went wrong.
        (isAhead ? readFacts(FRESH_MS) : readReport(promotion, FRESH_MS)).catch(() => undefined);
      }
    },
    async brief(notification: Notification) {
      const promotion = promotionOf(notification.alerts, config());
      const team = config().teams.find(({ name }) => name === notification.receiver);
      if (promotion === undefined || team === undefined) return undefined;
      return notification.status === 'firing' && notification.atMs < promotion.fromMs
        ? readinessBriefing(await readFacts(PREPARED_MS), promotion, team, config(), pageUrl)
        : reportBriefing(await readReport(promotion, PREPARED_MS), promotion, team, config(), pageUrl);
    },
  };
}

function phaseOf({ fromMs, toMs }: Promotion, nowMs: number): PromotionPhase {
  return nowMs < fromMs ? 'ahead' : nowMs < toMs ? 'live' : 'over';
}

/** The promotion that is announced; alerts about anything else are not the desk's. */
function promotionOf(alerts: readonly Alert[], { promotions }: TillwatchConfig): Promotion | undefined {
  const announcement = alerts.find((alert) => alertName(alert) === 'CheckoutPromotion');
  const name = announcement?.labels.get('promotion');
  return promotions.find((one) => one.name === name);
}

/** Remembers answers for a while, so that many who ask at once cost one. Answers that fail are forgotten. */
class Fresh<T> {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #answers = new Map<string, { readonly askedAtMs: number; readonly answer: Promise<T> }>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  get(key: string, maxAgeMs: number, ask: () => Promise<T>): Promise<T> {
    const nowMs = this.#clock.nowMs();
    for (const [known, { askedAtMs }] of this.#answers) {
      if (nowMs - askedAtMs > SETTLED_MS) this.#answers.delete(known);
    }
    const known = this.#answers.get(key);
    if (known !== undefined && nowMs - known.askedAtMs <= maxAgeMs) return known.answer;
    const answer = ask();
    this.#answers.set(key, { askedAtMs: nowMs, answer });
    answer.catch(() => this.#answers.get(key)?.answer === answer && this.#answers.delete(key));
    return answer;
  }
}
