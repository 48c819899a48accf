import { escapeJson } from './escape.ts';
import { contextual, type FunctionSet, fn, variadic } from './function.ts';
import { GoDuration, GoTime, ZERO_TIME_NANO } from './go-time.ts';
import { humanizeDuration } from './humanize.ts';
import { toJson } from './json.ts';
import { textFunctions } from './text-functions.ts';
import { formatLayout, parseLayout } from './time-layout.ts';
import { HostObject, SafeText, type Value } from './value.ts';

/** How often the label of a route may refer to another one. */
const MAX_ROUTE_LABEL_DEPTH = 20;

/** The functions of notification templates. */
export function alertmanagerFunctions(nowMs: () => number): FunctionSet {
  return {
    ...textFunctions,
    title: fn(['string'], (text) => text.toLowerCase().replace(/(?<![\p{L}\p{N}_'’])\p{L}/gu, (c) => c.toUpperCase())),
    trimSpace: fn(['string'], (text) => text.trim()),
    join: fn(['string', 'strings'], (separator, items) => items.join(separator)),
    stringSlice: variadic([], 'string', (items) => items),
    safeUrl: fn(['string'], (text) => new SafeText('url', text)),
    urlUnescape: fn(['string'], unescapeQuery),
    toJson: fn(['any'], (value) => escapeJson(toJson(value))),
    base64encode: fn(['string'], encodeBase64),
    base64decode: fn(['string'], decodeBase64),
    date: fn(['string', 'time'], (layout, time) => formatLayout(time, layout)),
    tz: fn(['string', 'time'], inZone),
    toDate: fn(['string', 'string'], (layout, text) => {
      try {
        return new GoTime(parseLayout(layout, text));
      } catch {
        return new GoTime(ZERO_TIME_NANO);
      }
    }),
    mustToDate: fn(['string', 'string'], (layout, text) => new GoTime(parseLayout(layout, text))),
    now: fn([], () => GoTime.fromMs(nowMs())),
    since: fn(['time'], (time) => new GoDuration(BigInt(nowMs()) * 1_000_000n - time.unixNano)),
    humanizeDuration: fn(['any'], humanizeDuration),
    list: variadic([], 'any', (items) => items),
    append: variadic(['list'], 'any', (items, more) => [...items, ...more]),
    dict: variadic([], 'any', dict),
    routeLabels: routeLabels(),
  };
}

function dict(pairs: readonly Value[]): Map<string, Value> {
  if (pairs.length % 2 !== 0) throw new Error('dict requires an even number of arguments');
  const map = new Map<string, Value>();
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i];
    if (typeof key !== 'string') throw new Error('dict keys must be strings');
    map.set(key, pairs[i + 1]);
  }
  return map;
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new Error(`invalid URL escape in ${JSON.stringify(text)}`, { cause });
  }
}

/** The URL-safe alphabet, padded. */
function encodeBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

function decodeBase64(text: string): string {
  if (!/^[\w-]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new Error(`illegal base64 data: ${JSON.stringify(text)}`);
  }
  return Buffer.from(text, 'base64url').toString('utf8');
}

function inZone(zone: string, time: GoTime): GoTime {
  const moved = new GoTime(time.unixNano, zone);
  // Shows at once whether there is such a zone.
  formatLayout(moved, 'MST');
  return moved;
}

/** The label of the route that sent the alert; it is a template itself and may use others, but not itself. */
function routeLabels() {
  const open: string[] = [];
  return contextual(['string'], (context, name) => {
    const data = context.root;
    const labels = data instanceof HostObject ? data.parts.fields?.RouteLabels : undefined;
    const entries = labels instanceof HostObject ? labels.parts.entries : undefined;
    const text = entries?.[name] ?? '';
    if (open.includes(name)) throw new Error(`route label ${JSON.stringify(name)} refers to itself`);
    if (open.length >= MAX_ROUTE_LABEL_DEPTH) throw new Error('route labels refer to each other too deeply');
    open.push(name);
    try {
      return context.expand({ file: `route label ${name}`, text }, data);
    } finally {
      open.pop();
    }
  });
}
