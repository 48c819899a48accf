import type * as z from 'zod';
import { type Fail, field, scalarText, textField } from './field.ts';
import { Secret } from './secret.ts';

/** An absolute http or https URL, as written. */
export function url(): z.ZodType<string, unknown> {
  return textField((text, fail) => checkUrl(text, quoteUrl(text), fail));
}

/** A URL that holds a secret, such as a Slack webhook's. Messages do not repeat it. */
export function secretUrl(): z.ZodType<Secret, unknown> {
  return field((value, fail) => {
    const text = scalarText(value);
    if (text === undefined) return fail('expected a URL', { code: 'wrong-type' });
    // What Alertmanager itself writes when it prints a secret; it is no URL and is kept as it is.
    if (text === '<secret>') return new Secret(text);
    return checkUrl(text, 'the URL', fail) === undefined ? undefined : new Secret(text);
  });
}

function checkUrl(text: string, name: string, fail: Fail): string | undefined {
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)/.exec(text);
  if (match === null) return fail(`${name} has no scheme`, { code: 'url', hint: 'begin with http:// or https://' });
  const scheme = (match[1] as string).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https') {
    return fail(`unsupported scheme "${scheme}" for URL`, { code: 'url', hint: 'begin with http:// or https://' });
  }
  if (match[2] === '') return fail('missing host for URL', { code: 'url' });
  if (!URL.canParse(text)) return fail(`${name} is not a URL`, { code: 'url' });
  return text;
}

function quoteUrl(text: string): string {
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`;
}
