import type { Audience } from '../settings/tillwatch-config.ts';
import { type LanguageBase, languageBase } from './alert-words.ts';
import { type MessageText, parseMessageText, renderMessageText, type Values } from './message-text.ts';
import type { LanguageTexts, MessageTexts } from './texts.ts';
import { textsDe } from './texts-de.ts';
import { textsEn } from './texts-en.ts';

/** Who reads: a team, or whoever looks at the live page. */
export type Readers = Audience | 'page';

/** Texts of the same shape, only those that differ. */
export type SomeTexts = { readonly [K in string]?: string | readonly string[] | SomeTexts };

/** Texts that a shop has changed for some readers of one language. */
export interface MessageOverride {
  readonly readers: Readers;
  /** BCP 47 in canonical form: `de` is for `de-AT` too, unless that has its own. */
  readonly language: string;
  readonly texts: SomeTexts;
}

const LANGUAGES: Readonly<Record<LanguageBase, LanguageTexts>> = { en: textsEn, de: textsDe };

/** The texts for some readers of a language as Tillwatch brings them. */
export function defaultTexts(readers: Readers, language: string): MessageTexts {
  const { texts, plainHeadline, plainPromotionLead } = LANGUAGES[languageBase(language)];
  return readers === 'business' ? { ...texts, headline: plainHeadline, promotion_lead: plainPromotionLead } : texts;
}

/** The words of one language for some readers, with what the shop has changed. */
export class BriefingWords {
  readonly texts: MessageTexts;
  readonly #parsed = new Map<string, MessageText>();

  constructor(readers: Readers, language: string, overrides: readonly MessageOverride[] = []) {
    const base = new Intl.Locale(language).language;
    const changes = [base, ...(base === language ? [] : [language])].flatMap((tag) =>
      overrides.filter((one) => one.readers === readers && one.language === tag),
    );
    this.texts = changes.reduce((texts, change) => merged(texts, change.texts), defaultTexts(readers, language));
  }

  /** Writes a text. What has to be there and is not known is written as a question mark. */
  say(text: string, values: Values = {}): string {
    const parsed = this.#parse(text);
    if (parsed === undefined) return text;
    return renderMessageText(parsed, values) ?? renderMessageText(parsed, values, '?') ?? text;
  }

  /** Writes every text of a list whose placeholders are known. */
  sayAll(texts: readonly string[], values: Values): string[] {
    return texts.flatMap((text) => {
      const parsed = this.#parse(text);
      const written = parsed === undefined ? text : renderMessageText(parsed, values);
      return written === undefined || written === '' ? [] : [written];
    });
  }

  /** `provider nordpay, step payment`. */
  part(labels: Readonly<Record<string, string>>): string {
    return Object.entries(this.texts.label)
      .flatMap(([name, text]) => (labels[name] === undefined ? [] : [this.say(text, { value: labels[name] })]))
      .join(', ');
  }

  /** `customers who pay with nordpay`. */
  customers(labels: Readonly<Record<string, string>> | undefined): string {
    return labels === undefined ? this.texts.customers_unknown : this.say(this.texts.customers, labels);
  }

  #parse(text: string): MessageText | undefined {
    let parsed = this.#parsed.get(text);
    if (parsed === undefined) {
      const result = parseMessageText(text);
      if ('mistake' in result) return undefined;
      parsed = result.text;
      this.#parsed.set(text, parsed);
    }
    return parsed;
  }
}

/** `texts` with what `changes` says otherwise, at any depth. */
function merged<T extends object>(texts: T, changes: SomeTexts): T {
  const entries = Object.entries(changes).map(([key, change]) => {
    const own = (texts as Record<string, unknown>)[key];
    const isGroup = typeof change === 'object' && !Array.isArray(change);
    return [key, isGroup ? merged(own as object, change as SomeTexts) : change];
  });
  return { ...texts, ...Object.fromEntries(entries) };
}
