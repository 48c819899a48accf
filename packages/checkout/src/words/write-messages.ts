import { defaultTexts, type Readers } from './briefing-words.ts';
import { hasOwnPlaceholders, INCIDENT, placeholdersFor } from './placeholders.ts';
import type { MessageTexts } from './texts.ts';

/** A file of texts to start from. */
export interface MessageFile {
  /** `business.de.yml`. */
  readonly path: string;
  readonly content: string;
}

/** Texts that some readers never see. */
const UNSEEN: Readonly<Record<Exclude<Readers, 'page'>, readonly (keyof MessageTexts)[]>> = {
  dev: ['first_steps', 'first_steps_for', 'options', 'win_back', 'fail_share', 'who_is_told', 'verdict'],
  ops: ['options', 'win_back', 'example', 'who_is_told', 'verdict'],
  business: [
    ...([
      'pool_exhausted',
      'first_steps',
      'first_steps_for',
      'finding',
      'missing',
      'reason',
      'nothing_stands_out',
    ] as const),
    ...(['promotion', 'retried', 'fail_share', 'example', 'verdict', 'promotion_check'] as const),
  ],
};
const SEEN_ON_THE_PAGE: readonly (keyof MessageTexts)[] = ['verdict', 'finding', 'missing', 'label', 'promotion_check'];

/** Writes the texts that some readers see in one language (`en`, `de` or a tag such as `de-AT`) as a file that `readMessages` reads. */
export function writeMessages(readers: Readers, language: string): MessageFile {
  const path = `${readers}.${language}.yml`;
  const texts = Object.fromEntries(
    Object.entries(defaultTexts(readers, language)).filter(([key]) => {
      const text = key as keyof MessageTexts;
      return readers === 'page' ? SEEN_ON_THE_PAGE.includes(text) : !UNSEEN[readers].includes(text);
    }),
  );
  return { path, content: `${head(path, readers)}\n${section(texts, [])}` };
}

function head(path: string, readers: Readers): string {
  const names = INCIDENT.map((name) => `{${name}}`);
  const lines = Array.from({ length: Math.ceil(names.length / 9) }, (_, i) =>
    names.slice(i * 9, (i + 1) * 9).join(' '),
  );
  return [
    `The texts of ${path}. Keep what you change and delete the rest: what is not here stays as Tillwatch brings it.`,
    '{name} stands for a value; [ … {name} ] is left out when that value is not known, and so is an item of a list.',
    'Behind a text are the values that it may use. Check with: tillwatch check',
    ...(readers === 'page' ? [] : ['"of the incident" are:', ...lines.map((line) => `  ${line}`)]),
  ]
    .map((line) => `# ${line}\n`)
    .join('');
}

function section(texts: object, path: readonly string[]): string {
  const indent = '  '.repeat(path.length);
  return Object.entries(texts)
    .map(([key, value]) => {
      const here = [...path, key];
      const names = remark(here);
      if (typeof value === 'string') return `${indent}${key}: ${JSON.stringify(value)}${isAlike(here) ? '' : names}\n`;
      if (Array.isArray(value)) {
        const items = value.map((text) => `${indent}  - ${JSON.stringify(text)}\n`).join('');
        return `${indent}${key}:${items === '' ? ' []' : ''}${isAlike(here) ? '' : names}\n${items}`;
      }
      return `${indent}${key}:${names}\n${section(value as object, here)}`;
    })
    .join('');
}

function remark(path: readonly string[]): string {
  const { allowed } = placeholdersFor(path.join('.'));
  if (allowed.length === 0) return '';
  return allowed.length === INCIDENT.length
    ? '  # of the incident'
    : `  # ${allowed.map((name) => `{${name}}`).join(' ')}`;
}

/** Texts of one group that share their placeholders: these are named once, at the group. */
function isAlike(path: readonly string[]): boolean {
  return path.length > 1 && !hasOwnPlaceholders(path.join('.'));
}
