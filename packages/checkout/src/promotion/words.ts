import { type LanguageBase, languageBase } from '../words/alert-words.ts';
import { promotionWordsDe } from './words-de.ts';
import { promotionWordsEn } from './words-en.ts';

/** What the check before a promotion and the report after it say, in one language. Numbers and times come written. */
export interface PromotionWords {
  readonly topics: Readonly<Record<'targets' | 'rules' | 'alerts' | 'receivers' | 'budget' | 'headroom', string>>;
  readonly resources: Readonly<Record<'processor' | 'pool' | 'memory' | 'eventLoop', string>>;
  /** What has to be scraped for a resource to be known. */
  readonly exporters: Readonly<Record<'processor' | 'pool' | 'memory', string>>;
  readonly states: Readonly<Record<'ready' | 'not-ready' | 'not-known', string>>;
  readonly findings: {
    targets(job: string, up: number, all: number): string;
    notScraped(job: string): string;
    readonly notCounted: string;
    readonly rulesWell: string;
    readonly rulesUnknown: string;
    rulesFail(count: number, first: string, error: string): string;
    ruleFailures(count: number): string;
    readonly noPages: string;
    pages(names: readonly string[]): string;
    delivered(receiver: string, ago: string): string;
    neverDelivered(receiver: string): string;
    readonly receiversUnknown: string;
    readonly noReceivers: string;
    budgetLeft(name: string, share: string): string;
    budgetSpent(name: string): string;
    budgetUnknown(name: string): string;
    load(peakPerMinute: string, expectedPerMinute: string): string;
    readonly noLoad: string;
    notMeasured(exporter: string): string;
    tooLittleSeen(most: string): string;
    manyCores(cores: string): string;
    expected(most: string, mid: string, low: string, high: string): string;
    lag(seconds: string): string;
  };
  readonly toDo: Readonly<
    Record<'targets' | 'notCounted' | 'rules' | 'selfScrape' | 'pages' | 'noReceivers' | 'budget' | 'loadTest', string>
  > & {
    receivers(pageUrl: string): string;
    readonly resources: Readonly<Record<'processor' | 'pool' | 'memory', string>>;
  };
  readonly message: {
    ready(promotion: string, factor: string): string;
    /** Nothing is amiss, but not everything could be checked. */
    readyAsKnown(promotion: string, factor: string): string;
    notReady(promotion: string, count: number): string;
    /** To the business side, which mends nothing of it. */
    readonly businessReady: string;
    readonly businessNotReady: string;
    readonly toDoHeading: string;
    readonly unknownHeading: string;
    readonly readyHeading: string;
    readonly link: string;
    readonly footer: string;
  };
  readonly report: {
    title(promotion: string, factor: string | undefined, orders: string): string;
    soFar(promotion: string): string;
    lead(orders: string, money: string, factor: string | undefined, expectedFactor: string): string;
    readonly noUsual: string;
    readonly numbers: string;
    readonly names: Readonly<
      Record<'orders' | 'money' | 'attempts' | 'successRate' | 'factor' | 'peak' | 'slowest' | 'worst', string>
    >;
    compared(during: string, expected: string | undefined, usual: string | undefined): string;
    comparedRate(during: string, before: string | undefined, objective: string): string;
    comparedFactor(reached: string | undefined, expected: string): string;
    at(value: string, time: string): string;
    slowest(seconds: string, step: string, time: string): string;
    readonly incidents: string;
    readonly noIncidents: string;
    incident(from: string, duration: string, alerts: string, orders: string, money: string): string;
    lostInAll(orders: string, money: string): string;
    basis(kind: 'week-before' | 'time-before'): string;
    readonly link: string;
  };
}

const WORDS: Readonly<Record<LanguageBase, PromotionWords>> = { en: promotionWordsEn, de: promotionWordsDe };

/** The words for a BCP 47 tag. */
export function promotionWords(tag: string): PromotionWords {
  return WORDS[languageBase(tag)];
}
