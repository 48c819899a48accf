import { Matcher, type MatchOp, RegexError } from '@tillwatch/model';
import { MatcherError } from './matcher-error.ts';

/**
 * Reads matchers in the notation of Alertmanager 0.26 and older: `{a="b", c=~d}`, braces optional, values with or without
 * quotes. Label names are classic identifiers. In a value `\n`, `\"` and `\\` are escapes, other backslashes stand for
 * themselves.
 * @throws {MatcherError}
 */
export function parseClassicMatchers(text: string): Matcher[] {
  const from = text.startsWith('{') ? 1 : 0;
  const to = text.endsWith('}') && text.length > from ? text.length - 1 : text.length;
  return splitAtCommas(text.slice(from, to)).map((part) => parseOne(part.text, from + part.from));
}

interface Part {
  readonly text: string;
  readonly from: number;
}

/** Commas inside double quotes do not separate, and one comma at the end is allowed. */
function splitAtCommas(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === '\\') i++;
    else if (char === '"') isQuoted = !isQuoted;
    else if (char === ',' && !isQuoted) {
      parts.push({ text: text.slice(from, i), from });
      from = i + 1;
    }
  }
  const last = text.slice(from);
  if (last.trim() !== '') parts.push({ text: last, from });
  return parts;
}

const NAME_AND_OP = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)/;

function parseOne(text: string, offset: number): Matcher {
  const match = NAME_AND_OP.exec(text);
  if (match === null) throw new MatcherError(`bad matcher format: ${text}`, offset, offset + text.length);
  const [head, name, op] = match as unknown as [string, string, MatchOp];
  const raw = text.slice(head.length).trim();
  const value = unescapeValue(raw);
  if (value === undefined) {
    throw new MatcherError(`matcher value contains unescaped double quote: ${raw}`, offset, offset + text.length);
  }
  try {
    return new Matcher(name, op, value);
  } catch (cause) {
    if (!(cause instanceof RegexError)) throw cause;
    throw new MatcherError(cause.message, offset, offset + text.length, { cause });
  }
}

/** `undefined` when a double quote stands where it cannot. */
function unescapeValue(raw: string): string | undefined {
  const isQuoted = raw.startsWith('"');
  let out = '';
  for (let i = isQuoted ? 1 : 0; i < raw.length; i++) {
    const char = raw[i] as string;
    if (char === '"') return isQuoted && i === raw.length - 1 ? out : undefined;
    if (char !== '\\' || i === raw.length - 1) {
      out += char;
      continue;
    }
    const next = raw[++i] as string;
    if (next === 'n') out += '\n';
    else if (next === '"' || next === '\\') out += next;
    else out += `\\${next}`;
  }
  return isQuoted ? undefined : out;
}
