import { compareText, parseDuration, type VectorSample } from '@tillwatch/model';
import { escapeQuery } from './escape.ts';
import { contextual, type FunctionSet, fn, variadic } from './function.ts';
import { GoDuration, GoTime, secondsToNano } from './go-time.ts';
import {
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  humanizeTimestamp,
  toNumber,
} from './humanize.ts';
import { textFunctions } from './text-functions.ts';
import { HostObject, SafeText, stringMap, type Value } from './value.ts';

/** What Prometheus's functions need from around them. */
export interface PrometheusEnvironment {
  /** Answers the `query` function. May throw; the message is shown in the template's error. */
  query(expr: string): readonly VectorSample[];
  /** What `now` answers. */
  readonly nowMs: number;
  readonly externalUrl: string;
}

/** The functions of rule annotations, rule labels and consoles. */
export function prometheusFunctions(environment: PrometheusEnvironment): FunctionSet {
  const { externalUrl, nowMs } = environment;
  return {
    ...textFunctions,
    query: fn(['string'], (expr) => queryResult(environment.query(expr))),
    first: fn(['list'], (samples) => {
      if (samples.length === 0) throw new Error('first() called on vector with no elements');
      return samples[0];
    }),
    label: fn(['string', 'any'], (name, sample) => labelOf(sample, name)),
    value: fn(['any'], (sample) => fieldOf(sample, 'Value')),
    strvalue: fn(['any'], (sample) => labelOf(sample, '__value__')),
    sortByLabel: fn(['string', 'list'], (name, samples) =>
      queryResultOf([...samples].sort((a, b) => compareText(labelOf(a, name), labelOf(b, name)))),
    ),
    args: variadic([], 'any', (values) => new Map(values.map((value, i) => [`arg${i}`, value]))),
    title: fn(['string'], (text) => text.replace(/(?<![\p{L}\p{N}_'])\p{L}/gu, (char) => char.toUpperCase())),
    humanize: fn(['any'], humanize),
    humanize1024: fn(['any'], humanize1024),
    humanizeDuration: fn(['any'], humanizeDuration),
    humanizePercentage: fn(['any'], humanizePercentage),
    humanizeTimestamp: fn(['any'], humanizeTimestamp),
    toTime: fn(['any'], (value) => new GoTime(secondsToNano(toNumber(value), 'timestamp'))),
    toDuration: fn(['any'], (value) => new GoDuration(secondsToNano(toNumber(value), 'duration'))),
    now: fn([], () => nowMs / 1000),
    parseDuration: fn(['string'], parseSeconds),
    externalURL: fn([], () => externalUrl),
    pathPrefix: fn([], () => pathOf(externalUrl)),
    graphLink: fn(['string'], (expr) => `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=0`),
    tableLink: fn(['string'], (expr) => `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=1`),
    stripPort: fn(['string'], (hostPort) => splitHostPort(hostPort)?.host ?? hostPort),
    stripDomain: fn(['string'], stripDomain),
    urlQueryEscape: fn(['string'], escapeQuery),
    tmpl: contextual(['string', 'any'], (context, name, data) => new SafeText('html', context.runTemplate(name, data))),
  };
}

/** A vector as templates see it: samples with `.Labels` and `.Value`. */
function queryResult(samples: readonly VectorSample[]): HostObject {
  return queryResultOf(samples.map((sample) => sampleObject(sample.labels.toRecord(), sample.value)));
}

function queryResultOf(items: readonly Value[]): HostObject {
  return new HostObject('template.queryResult', { items });
}

/** One element of a vector as templates see it. */
export function sampleObject(labels: Readonly<Record<string, string>>, value: Value): HostObject {
  return new HostObject('*template.sample', { fields: { Labels: stringMap(labels), Value: value } });
}

function fieldOf(sample: Value, name: string): Value {
  const fields = sample instanceof HostObject ? sample.parts.fields : (sample as Record<string, Value> | null);
  if (fields === undefined || fields === null || !Object.hasOwn(fields, name)) {
    throw new Error('wrong type for value; expected *template.sample');
  }
  return fields[name];
}

function labelOf(sample: Value, name: string): string {
  const labels = fieldOf(sample, 'Labels');
  const entries = labels instanceof HostObject ? labels.parts.entries : undefined;
  return entries !== undefined && Object.hasOwn(entries, name) ? (entries[name] ?? '') : '';
}

function parseSeconds(text: string): number {
  const negative = text.startsWith('-');
  const ms = parseDuration(negative ? text.slice(1) : text);
  if (ms === undefined) throw new Error(`not a valid duration string: ${JSON.stringify(text)}`);
  return (negative ? -ms : ms) / 1000;
}

function pathOf(url: string): string {
  try {
    return new URL(url).pathname.replace(/\/$/, '');
  } catch {
    return '';
  }
}

/** Go's `net.SplitHostPort`: `undefined` when there is no port, or more than one colon without brackets. */
function splitHostPort(text: string): { host: string; port: string } | undefined {
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(text);
  return match === null ? undefined : { host: match[1] ?? match[2] ?? '', port: match[3] ?? '' };
}

function stripDomain(hostPort: string): string {
  const split = splitHostPort(hostPort);
  const host = split?.host ?? hostPort;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(':')) return hostPort;
  const name = host.split('.')[0] ?? '';
  return split === undefined ? name : `${name}:${split.port}`;
}
