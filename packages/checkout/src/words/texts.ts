import type { IncidentKind } from '../incident/incident-kind.ts';
import type { PromotionTexts } from './promotion-texts.ts';

/** A sentence for every sort of trouble. */
type ByKind<T = string> = Readonly<Record<IncidentKind, T>>;

/** Lists of things to do; one whose placeholder is not known is left out. */
type ListsByKind = ByKind<readonly string[]>;

/**
 * Every text of messages and of the live page's verdict, in one language and for one audience, in the language of
 * `message-text.ts`. `placeholders.ts` says what each may use.
 */
export interface MessageTexts extends PromotionTexts {
  readonly notice: string;
  readonly all_clear: string;
  /** The first line: what is wrong. */
  readonly headline: ByKind;
  /** The first line for developers and operations when requests queue up for the database. */
  readonly pool_exhausted: string;
  /** What it means for customers, one sentence. */
  readonly meaning: ByKind;
  /** What is well again: a title, or a sentence without its full stop. */
  readonly recovered: ByKind;
  /** What to do first, for operations. */
  readonly first_steps: ListsByKind;
  /** Before the first steps when the reasons point at the database, and after them when no version is to blame. */
  readonly first_steps_for: { readonly database: readonly string[]; readonly unknown_version: readonly string[] };
  /** What the business side can do. */
  readonly options: ListsByKind;
  /** What the business side can do once it is over. */
  readonly win_back: readonly string[];
  /** While an alert still fires although purchases succeed again. */
  readonly recovering: string;
  readonly recovering_meaning: string;
  readonly since: string;
  readonly lasted: string;
  readonly lost_so_far: string;
  readonly lost_in_total: string;
  readonly nothing_lost: string;
  /** Customers who had failed and tried again with success meanwhile. */
  readonly retried: string;
  /** After the end: orders beyond the usual, or none of them. */
  readonly came_back: string;
  readonly nobody_came_back: string;
  readonly finding: string;
  readonly missing: string;
  readonly reason: string;
  readonly nothing_stands_out: string;
  readonly promotion: string;
  readonly who_is_told: string;
  readonly customers: string;
  readonly customers_unknown: string;
  /** The part at fault, label by label. */
  readonly label: Readonly<
    Record<'provider' | 'step' | 'region' | 'channel' | 'version' | 'method' | 'reason' | 'instance', string>
  >;
  readonly fact: Readonly<
    Record<
      | 'success'
      | 'failed'
      | 'orders'
      | 'attempts'
      | 'declined'
      | 'database'
      | 'waiting'
      | 'targets'
      | 'server_errors'
      | 'event_loop'
      | 'memory'
      | 'slowest'
      | 'versions'
      | 'duration'
      | 'worst'
      | 'worst_moment'
      | 'lost'
      | 'money'
      | 'retried'
      | 'recovered'
      | 'alerts',
      string
    >
  >;
  readonly heading: Readonly<
    Record<
      | 'numbers'
      | 'parts'
      | 'parts_before'
      | 'impact'
      | 'providers'
      | 'query'
      | 'next'
      | 'options'
      | 'who'
      | 'examples'
      | 'recovered',
      string
    >
  >;
  readonly link: Readonly<Record<'page' | 'runbook' | 'dashboard', string>>;
  readonly now_and_before: string;
  readonly per_minute: string;
  readonly out_of: string;
  readonly so_many_orders: string;
  readonly fail_share: string;
  readonly range: string;
  readonly unseen: string;
  /** One failure out of the shop's log. */
  readonly example: string;
  readonly estimate_note: string;
  /** The live page's sentence. */
  readonly verdict: Readonly<
    Record<
      | 'good'
      | 'quiet'
      | 'no_data'
      | 'stale'
      | 'failing'
      | 'warning'
      | 'recovering'
      | 'few_attempts'
      | 'slow_steps'
      | 'down',
      string
    >
  >;
}

/** The texts of a language: one set for all, and those that readers have who know no technical names. */
export interface LanguageTexts {
  readonly texts: MessageTexts;
  readonly plainHeadline: ByKind;
  readonly plainPromotionLead: PromotionTexts['promotion_lead'];
}
