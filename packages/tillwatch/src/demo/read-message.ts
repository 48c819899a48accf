import type { DemoMessage } from '@tillwatch/web/api';

/** Everything that a reader of a message sees, as plain text. */
export function messageText(message: DemoMessage): string {
  return message.kind === 'email' ? `${message.subject}\n\n${message.text}` : slackTexts(message.body).join('\n');
}

/** Who got it: `slack developers`, `email business@shop.example`. */
export function receiverOf(message: DemoMessage): string {
  return message.kind === 'email'
    ? `email ${message.to}`
    : `slack ${decodeURIComponent(message.path.split('/').at(-1) ?? '')}`;
}

/** The words that begin a message of each tone: in briefings (both languages) and in the templates for a real Alertmanager. */
const ALL_CLEAR = /^\W*(?:\[?resolved\b|all[- ]clear\b|over:|entwarnung\b|behoben\b)/i;
const INFORMS = /^\W*(?:\[?(?:info|notice|for your information|zur information|hinweis)\b)/i;

export function isAllClear(message: DemoMessage): boolean {
  return ALL_CLEAR.test(headline(message));
}

/** Does it wake somebody? */
export function isPage(message: DemoMessage): boolean {
  const line = headline(message);
  return !ALL_CLEAR.test(line) && !INFORMS.test(line);
}

function headline(message: DemoMessage): string {
  return message.kind === 'email' ? message.subject : (slackTexts(message.body)[0] ?? '');
}

/** The labels whose value one of the texts says. */
export function namesIn(texts: readonly string[], labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => texts.some((text) => saysWord(text, value))));
}

function saysWord(text: string, word: string): boolean {
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w-])${escaped}(?![\\w-])`, 'i').test(text);
}

/** The amounts of money that a message names: lost so far, and per hour. */
export function moneyIn(message: DemoMessage): { lost: number | null; perHour: number | null; currency: string } {
  const text = messageText(message);
  const amount = String.raw`(?:€|EUR)\s?([\d.,\u00a0\u202f ]*\d)|([\d.,\u00a0\u202f ]*\d)\s?(?:€|EUR)`;
  const found = [...text.matchAll(new RegExp(`(?:${amount})(?=([^\\n]{0,40}))`, 'g'))].map((match) => ({
    value: Number((match[1] ?? match[2] ?? '').replace(/[^\d]/g, '')),
    perHour: /^\s*(?:\([^)]*\)\s*)?(?:an|per|a|je|pro|\/)\s*(?:hour|h\b|stunde)/i.test(match[3] ?? ''),
  }));
  return {
    lost: found.find((one) => !one.perHour)?.value ?? null,
    perHour: found.find((one) => one.perHour)?.value ?? null,
    currency: 'EUR',
  };
}

/** The texts of a Slack message in the order in which they are read; the plain `text` of a message with blocks is a fallback. */
function slackTexts(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(slackTexts);
  const node = value as Record<string, unknown>;
  const texts: string[] = [];
  const hasParts = Array.isArray(node.blocks) || Array.isArray(node.attachments);
  for (const key of ['pretext', 'title', 'text', 'value']) {
    const text = node[key];
    if (typeof text === 'string' && text !== '' && !(key === 'text' && hasParts)) texts.push(unescapeSlack(text));
    else if (typeof text === 'object') texts.push(...slackTexts(text));
  }
  for (const key of ['blocks', 'attachments', 'fields', 'elements']) texts.push(...slackTexts(node[key]));
  return texts;
}

function unescapeSlack(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').replaceAll('\u200b', '');
}
