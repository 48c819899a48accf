import { readYaml } from '@tillwatch/config';
import { closest, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import { z } from 'zod';
import { defaultTexts, type MessageOverride, type Readers, type SomeTexts } from './briefing-words.ts';
import { parseMessageText, placeholdersOf } from './message-text.ts';
import { placeholdersFor } from './placeholders.ts';

const READERS: readonly Readers[] = ['dev', 'ops', 'business', 'page'];
const LONGEST = 2_000;
const MOST_ITEMS = 20;

/**
 * Reads one file of changed texts; its name says for whom they are: `business.de.yml`. Every problem has its place. A text with
 * a mistake is left out of `override`, so that ours is used; the others count all the same.
 */
export function readMessages(source: SourceText): {
  readonly override: MessageOverride | undefined;
  readonly problems: Problem[];
} {
  const about = readersOf(source.file);
  if (about === undefined) {
    const at = spanOf(source, 0, 0);
    const message = `the name of this file does not say whose texts these are`;
    const hint = `name it <readers>.<language>.yml: ${READERS.join(', ')} and en, de or one like de-AT, such as business.de.yml`;
    return { override: undefined, problems: [{ code: 'message-file', severity: 'error', message, hint, at }] };
  }
  const defaults = defaultTexts(about.readers, about.language);
  const { raw, problems, spanAt } = readYaml(source, schemaOf(defaults));
  const report = (
    code: string,
    path: readonly (string | number)[],
    range: { from: number; to: number } | undefined,
    message: string,
    hint: string,
  ) => problems.push({ code, severity: 'error', message, hint, at: spanAt(path, 'value', range) });

  const check = (text: string, path: readonly (string | number)[]): boolean => {
    const parsed = parseMessageText(text);
    if ('mistake' in parsed) {
      report('message-text', path, parsed.mistake, parsed.mistake.message, parsed.mistake.hint);
      return false;
    }
    const { allowed, needed } = placeholdersFor(path.filter((step) => typeof step === 'string').join('.'));
    const used = placeholdersOf(parsed.text);
    const unknown = used.filter(({ name }) => !allowed.includes(name));
    for (const { name, at } of unknown) {
      const near = closest(name, allowed);
      report(
        'message-placeholder',
        path,
        { from: at, to: at + name.length + 2 },
        `there is no {${name}} here`,
        hintFor(near, allowed),
      );
    }
    const missing = needed.filter((name) => !used.some((one) => one.name === name));
    if (missing.length > 0) {
      const names = missing.map((name) => `{${name}}`).join(' and ');
      report(
        'message-placeholder',
        path,
        undefined,
        `${names} is missing`,
        `without it the text says nothing; ours is used`,
      );
    }
    return unknown.length === 0 && missing.length === 0;
  };
  const texts = pick(raw, defaults, [], check);
  return { override: { ...about, texts }, problems: problems.sort((a, b) => a.at.from - b.at.from) };
}

function hintFor(near: string | undefined, allowed: readonly string[]): string {
  if (near !== undefined) return `did you mean {${near}}?`;
  if (allowed.length === 0) return 'this text has no placeholders';
  return `there are ${allowed.map((name) => `{${name}}`).join(' ')}`;
}

/** `/some/where/business.de-AT.yml` is for the business side in Austria. */
function readersOf(file: string): Pick<MessageOverride, 'readers' | 'language'> | undefined {
  const found = /(?:^|[\\/])([a-z]+)\.([A-Za-z]{2}(?:-[A-Za-z0-9]+)*)\.ya?ml$/.exec(file);
  const readers = READERS.find((one) => one === found?.[1]);
  if (readers === undefined) return undefined;
  try {
    const { language, baseName } = new Intl.Locale(found?.[2] as string);
    return language === 'en' || language === 'de' ? { readers, language: baseName } : undefined;
  } catch {
    return undefined;
  }
}

/** The shape of the defaults, with every field optional. */
function schemaOf(defaults: object): z.ZodType {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(defaults).map(([key, value]) => {
        if (typeof value === 'string') return [key, z.string().max(LONGEST).optional()];
        if (Array.isArray(value)) return [key, z.array(z.string().max(LONGEST)).max(MOST_ITEMS).optional()];
        return [key, schemaOf(value as object).optional()];
      }),
    ),
  );
}

/** What of a document has the shape of the defaults and passes the check. */
function pick(
  raw: unknown,
  defaults: object,
  path: readonly string[],
  check: (text: string, path: readonly (string | number)[]) => boolean,
): SomeTexts {
  if (typeof raw !== 'object' || raw === null) return {};
  const picked: Record<string, string | readonly string[] | SomeTexts> = {};
  for (const [key, own] of Object.entries(defaults)) {
    const value = (raw as Record<string, unknown>)[key];
    const here = [...path, key];
    if (typeof own === 'string') {
      if (typeof value === 'string' && value.length <= LONGEST && check(value, here)) picked[key] = value;
    } else if (Array.isArray(own)) {
      if (!Array.isArray(value) || value.length > MOST_ITEMS) continue;
      const texts = value.filter((text): text is string => typeof text === 'string' && text.length <= LONGEST);
      const good = texts.map((text, i) => check(text, [...here, i]));
      if (texts.length === value.length && good.every(Boolean)) picked[key] = texts;
    } else {
      const group = pick(value, own as object, here, check);
      if (Object.keys(group).length > 0) picked[key] = group;
    }
  }
  return picked;
}
