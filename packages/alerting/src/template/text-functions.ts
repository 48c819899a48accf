import { RE2JS } from 're2js';
import { type FunctionSet, fn } from './function.ts';
import { SafeText } from './value.ts';

/** The functions that Prometheus and Alertmanager share. */
export const textFunctions: FunctionSet = {
  toUpper: fn(['string'], (text) => text.toUpperCase()),
  toLower: fn(['string'], (text) => text.toLowerCase()),
  safeHtml: fn(['string'], (text) => new SafeText('html', text)),
  match: fn(['string', 'string'], (pattern, text) => compile(pattern).matcher(text).find()),
  reReplaceAll: fn(['string', 'string', 'string'], (pattern, replacement, text) =>
    replaceAll(compile(pattern), replacement, text),
  ),
};

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw new Error(`error parsing regexp ${JSON.stringify(pattern)}: ${(cause as Error).message}`, { cause });
  }
}

/** Go's `ReplaceAllString`: `$1` and `${name}` in the replacement, `$$` a dollar; no empty match right behind another. */
function replaceAll(regex: RE2JS, replacement: string, text: string): string {
  const matcher = regex.matcher(text);
  const names = regex.namedGroups();
  let out = '';
  let at = 0;
  let lastEnd = -1;
  while (matcher.find()) {
    const [from, to] = [matcher.start(), matcher.end()];
    if (from === to && from === lastEnd) continue;
    out += text.slice(at, from);
    out += replacement.replace(/\$(?:\$|(\w+)|\{(\w+)\})?/g, (all, bare, braced) => {
      const name: string | undefined = bare ?? braced;
      if (name === undefined) return '$'.repeat(all === '$$' ? 1 : all.length);
      const index = /^\d+$/.test(name) ? Number(name) : names[name];
      return index !== undefined && index <= matcher.groupCount() ? (matcher.group(index) ?? '') : '';
    });
    at = to;
    lastEnd = to;
  }
  return out + text.slice(at);
}
