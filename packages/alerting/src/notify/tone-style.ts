import type { Tone } from '@tillwatch/model';

/** How a tone looks and what it is called. */
export interface ToneStyle {
  /** `#rrggbb`: bars and badges. White text on it is readable (contrast above 4.5). */
  readonly color: string;
  readonly emoji: string;
  /** The word for it, in English; briefings carry their own words. */
  readonly word: string;
}

/** The one table of colours and words for alert states: Slack, e-mail and the page all take theirs from here. */
export const toneStyle: Readonly<Record<Tone, ToneStyle>> = {
  page: { color: '#c62828', emoji: '🔴', word: 'Firing' },
  inform: { color: '#a05a00', emoji: '🟠', word: 'Notice' },
  resolved: { color: '#2e7d32', emoji: '✅', word: 'Resolved' },
};

const WORDS: Readonly<Record<string, Readonly<Record<Tone, string>>>> = {
  de: { page: 'Störung', inform: 'Hinweis', resolved: 'Behoben' },
};

/** The word for a tone in the language of a briefing (BCP 47); English where we have none. */
export function toneWord(tone: Tone, language: string): string {
  return WORDS[language.split('-')[0] ?? '']?.[tone] ?? toneStyle[tone].word;
}
