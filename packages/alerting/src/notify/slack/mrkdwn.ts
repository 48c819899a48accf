/**
 * Slack's markup. Three rules keep foreign text harmless: `&`, `<` and `>` are escaped once, so that nothing becomes a link
 * or a mention; characters that format are kept apart from what they would format; addresses inside a link are
 * percent-encoded where Slack would end the link.
 */

const ENTITY: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** An invisible character that is neither a blank nor part of a word: a formatting mark beside it formats nothing. */
const ZERO_WIDTH = '\u200b';

/** Escapes what Slack reads as control characters. What is escaped already is left alone. */
export function escapeText(text: string): string {
  return text.replace(/&(?!(?:amp|lt|gt);)|[<>]/g, (char) => ENTITY[char] as string);
}

/**
 * Makes text that comes from outside (a label's value) plain: no link, no mention, no bold, italic, struck or code text.
 * Marks inside a word (`checkout_step_seconds`) never format and stay as they are, so that names can be copied.
 */
export function neutralise(text: string): string {
  return escapeText(text)
    .replace(/(?<![\p{L}\p{N}])[*_~]+|[*_~]+(?![\p{L}\p{N}])|`+/gu, (marks) => `${ZERO_WIDTH}${marks}${ZERO_WIDTH}`)
    .replace(/@(?=here\b|channel\b|everyone\b)/g, `@${ZERO_WIDTH}`);
}

/** An address for inside `<…|…>` or a `…_url` field: blanks, `<`, `>` and `|` percent-encoded. */
export function encodeUrl(url: string): string {
  return url.replace(/[<>|\s"]/g, (char) => encodeURIComponent(char));
}

/** A link; `&` in an address inside of markup is an entity. Without an http(s) address only the words remain. */
export function link(url: string, words: string): string {
  if (!/^https?:\/\//i.test(url)) return neutralise(words);
  return `<${encodeUrl(url).replaceAll('&', '&amp;')}|${neutralise(words).replaceAll('|', '¦')}>`;
}

/** Foreign text in a position that may be the address of a link which a template writes around it. */
export function escapeValue(text: string): string {
  return /^https?:\/\/\S+$/i.test(text) ? encodeUrl(text).replaceAll('&', '&amp;') : escapeText(text);
}

/** Back to what a reader sees. */
export function unescapeText(text: string): string {
  return text
    .replaceAll(ZERO_WIDTH, '')
    .replace(/&(amp|lt|gt);/g, (_, name: string) => (name === 'amp' ? '&' : name === 'lt' ? '<' : '>'));
}

/**
 * Cuts markup to at most `limit` UTF-16 units without leaving half a character, half an entity or half a link; ends in `…`
 * and `note` when something was cut.
 */
export function cutMarkup(text: string, limit: number, note = ''): string {
  if (text.length <= limit) return text;
  const tail = `…${note}`;
  let end = Math.max(0, limit - tail.length);
  const isLowSurrogate = (i: number) => (text.charCodeAt(i) & 0xfc00) === 0xdc00;
  if (end > 0 && isLowSurrogate(end)) end--;
  const kept = text.slice(0, end);
  const openLink = kept.lastIndexOf('<');
  if (openLink > kept.lastIndexOf('>')) return text.slice(0, openLink).trimEnd() + tail;
  const openEntity = kept.lastIndexOf('&');
  if (openEntity > kept.lastIndexOf(';') && /^&\w{0,4}$/.test(kept.slice(openEntity))) {
    return text.slice(0, openEntity) + tail;
  }
  return kept + tail;
}
