import type { Alert } from './alert.ts';
import type { Labels } from './labels.ts';

/** What is owed to one receiver about one group of alerts at one moment. */
export interface Notification {
  readonly receiver: string;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  /** 'firing' while at least one alert fires. */
  readonly status: 'firing' | 'resolved';
  /** Firing alerts and those that resolved since the last notification; sorted as Alertmanager does. */
  readonly alerts: readonly Alert[];
  /** When the notification was decided; tells firing from resolved alerts. */
  readonly atMs: number;
}

/** How loud a briefing is; words and colours for each are the same on the page, in Slack and in e-mail. */
export type Tone = 'page' | 'inform' | 'resolved';

/** A run of text in a briefing. Plain text: whoever renders it escapes it. */
type BriefingText = string;

/** A headed paragraph, list or table of a briefing. */
export type BriefingBlock =
  | { readonly kind: 'text'; readonly heading?: string; readonly text: BriefingText }
  | {
      readonly kind: 'facts';
      readonly heading?: string;
      readonly facts: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'list'; readonly heading?: string; readonly items: readonly BriefingText[] }
  | { readonly kind: 'code'; readonly heading?: string; readonly text: string };

/**
 * A message in the words of one audience, before it takes the form of one medium. The most important comes first, since a
 * medium with a size limit cuts from the end (and says so).
 */
export interface Briefing {
  readonly tone: Tone;
  /** One line, at most 150 characters: what is wrong. Also the e-mail's subject. */
  readonly title: string;
  /** One or two sentences: what it means for the reader. */
  readonly lead: string;
  readonly blocks: readonly BriefingBlock[];
  readonly links: readonly { readonly text: string; readonly url: string }[];
  /** Small print: how the figures were estimated, what this message belongs to. */
  readonly footer: string;
  /** BCP 47 tag of the words. */
  readonly language: string;
}

/**
 * Turns a notification into a briefing, with what Tillwatch knows beyond the alerts: affected components, orders and money
 * lost, the story of the incident. `undefined`: nothing to add, use the receiver's own templates.
 * It may read the store, so it can fail and it can be slow: whoever calls it sets a time limit and sends without it.
 */
export interface AlertEnricher {
  brief(notification: Notification): Promise<Briefing | undefined>;
}
