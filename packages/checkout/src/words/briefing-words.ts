import type { Numbers } from '../briefing/numbers.ts';
import type { Finding } from '../diagnosis/outcome-cell.ts';
import type { IncidentKind } from '../incident/incident-kind.ts';
import type { LanguageBase } from './alert-words.ts';
import { briefingWordsDe } from './briefing-words-de.ts';
import { briefingWordsEn } from './briefing-words-en.ts';

/** What the sentences about one incident are made of; numbers are written already. */
export interface Telling {
  readonly numbers: Numbers;
  /** Success rate now and before, written; `undefined` when it could not be measured. */
  readonly success: string | undefined;
  readonly successBefore: string | undefined;
  readonly failing: string | undefined;
  readonly attempts: string | undefined;
  readonly attemptsBefore: string | undefined;
  readonly orders: string | undefined;
  readonly ordersBefore: string | undefined;
  readonly declined: string | undefined;
  readonly slowest: { readonly part: string; readonly seconds: string } | undefined;
  readonly databaseSeconds: string | undefined;
  readonly waiting: string | undefined;
  /** The part that carries most of the trouble. */
  readonly culprit: Finding | undefined;
  readonly since: string;
  readonly alertNames: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

export interface LossTelling {
  readonly orders: string;
  readonly ordersRange: string;
  /** `undefined` when the value of an order is unknown. */
  readonly money: string | undefined;
  readonly moneyRange: string;
  readonly ordersPerHour: string;
  readonly moneyPerHour: string;
}

/** The words of one language for briefings and for the live page. */
export interface BriefingWords {
  readonly notice: string;
  readonly allClear: string;
  /** One line for dev and ops. */
  readonly headline: Readonly<Record<IncidentKind, (telling: Telling) => string>>;
  /** One line for the business side. */
  readonly plainHeadline: Readonly<Record<IncidentKind, (telling: Telling) => string>>;
  /** What it means for the business side, one sentence. */
  readonly meaning: Readonly<Record<IncidentKind, (telling: Telling) => string>>;
  /** What to do first, for ops. */
  readonly firstSteps: Readonly<Record<IncidentKind, (telling: Telling) => readonly string[]>>;
  /** `provider nordpay, step payment`. */
  part(labels: Readonly<Record<string, string>>): string;
  /** `customers who pay with nordpay`. */
  customers(labels: Readonly<Record<string, string>>): string;
  finding(finding: Finding, numbers: Numbers): string;
  missing(finding: Finding, numbers: Numbers): string;
  reason(reason: string, count: string): string;
  lossSoFar(loss: LossTelling): string;
  lossTotal(loss: LossTelling): string;
  noLoss: string;
  since(clock: string, duration: string): string;
  lasted(duration: string, from: string, to: string): string;
  /** What is well again, for a title or as a sentence without its full stop. */
  readonly recovered: Readonly<Record<IncidentKind, (telling: Telling) => string>>;
  /** While an alert still fires although purchases succeed again. */
  recovering(telling: Telling): string;
  readonly recoveringMeaning: string;
  told(teams: readonly string[]): string;
  promotion(name: string): string;
  nothingStandsOut: string;
  readonly facts: Readonly<
    Record<
      | 'success'
      | 'failed'
      | 'orders'
      | 'attempts'
      | 'declined'
      | 'database'
      | 'waiting'
      | 'targets'
      | 'serverErrors'
      | 'slowest'
      | 'versions'
      | 'duration'
      | 'worst'
      | 'lost'
      | 'money'
      | 'alerts',
      string
    >
  >;
  readonly headings: Readonly<
    Record<'numbers' | 'parts' | 'partsBefore' | 'impact' | 'providers' | 'query' | 'next' | 'who', string>
  >;
  readonly links: Readonly<Record<'page' | 'runbook' | 'dashboard', string>>;
  /** In place of figures that nobody can read while the shop does not answer. */
  readonly unseen: string;
  nowAndBefore(now: string, before: string | undefined): string;
  perMinute(value: string): string;
  /** How many checkouts failed, of how many: counts are extrapolated to the ends of a window. */
  outOf(failed: string, all: string): string;
  failPercent(share: string): string;
  readonly estimateNote: string;
  readonly labelNames: Readonly<Record<string, string>>;
  /** Sentences of the live page's verdict. */
  readonly verdict: {
    readonly good: (success: string) => string;
    readonly quiet: string;
    readonly noData: string;
    readonly stale: (clock: string) => string;
    readonly failing: (success: string, part: string | undefined) => string;
    readonly warning: (success: string, part: string | undefined) => string;
    readonly recovering: (success: string) => string;
    readonly fewAttempts: string;
    readonly slowSteps: (success: string) => string;
    readonly down: string;
  };
}

const WORDS: Readonly<Record<LanguageBase, BriefingWords>> = { en: briefingWordsEn, de: briefingWordsDe };

export function briefingWords(language: LanguageBase): BriefingWords {
  return WORDS[language];
}
