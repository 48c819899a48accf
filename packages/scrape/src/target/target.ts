import type { ScrapeConfig } from '@tillwatch/config';
import { formatDuration, type Label, Labels, parseDuration, quote } from '@tillwatch/model';
import type { Relabeler } from '../relabel/relabeler.ts';

const ADDRESS = '__address__';
const PARAMETER_PREFIX = '__param_';

/** Something to scrape. Equal `id`s mean the same series from the same place, whatever else changed. */
export interface Target {
  readonly id: string;
  /** The labels that every series of it gets. */
  readonly labels: Labels;
  readonly discoveredLabels: Labels;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export type TargetOutcome =
  | { readonly kind: 'target'; readonly target: Target; readonly allLabels: Labels }
  | { readonly kind: 'dropped'; readonly discoveredLabels: Labels }
  | { readonly kind: 'invalid'; readonly discoveredLabels: Labels; readonly error: string };

/** What of a scrape config decides about its targets. */
export type TargetSettings = Pick<
  ScrapeConfig,
  | 'jobName'
  | 'scheme'
  | 'metricsPath'
  | 'params'
  | 'scrapeIntervalMs'
  | 'scrapeTimeoutMs'
  | 'scrapeNativeHistograms'
  | 'alwaysScrapeClassicHistograms'
  | 'convertClassicHistogramsToNhcb'
>;

/** Makes a target of what was discovered: fills in the job's settings as labels, relabels, and reads the result back. */
export function makeTarget(discovered: Iterable<Label>, settings: TargetSettings, relabeler: Relabeler): TargetOutcome {
  const discoveredLabels = Labels.from([
    ...defaultLabels(settings),
    ...nonEmpty(discovered),
    ...parameterLabels(settings),
  ]);
  const relabelled = relabeler.relabel(discoveredLabels);
  if (relabelled === undefined) return { kind: 'dropped', discoveredLabels };
  const invalid = (error: string): TargetOutcome => ({ kind: 'invalid', discoveredLabels, error });

  const address = relabelled.get(ADDRESS);
  if (address === '') return invalid('no address: __address__ is empty after relabelling');
  if (address.includes('/')) {
    return invalid(`${quote(address)} is not a valid hostname: a target is host:port, the path goes into metrics_path`);
  }
  const stray = [...relabelled].find(([, value]) => /[\ud800-\udfff]/u.test(value));
  if (stray !== undefined) return invalid(`invalid label value for ${quote(stray[0])}: it is not UTF-8`);
  const timing = readTiming(relabelled);
  if (typeof timing === 'string') return invalid(timing);

  const kept = [...relabelled].filter(([name]) => !name.startsWith('__meta_'));
  const allLabels = Labels.from([['instance', address], ...kept]);
  const labels = Labels.from([...allLabels].filter(([name]) => !name.startsWith('__')));
  const url = targetUrl(relabelled, settings);
  if (!URL.canParse(url)) return invalid(`${quote(url)} is not a URL that can be scraped`);
  return {
    kind: 'target',
    allLabels,
    target: { id: `${labels.key}\n${url}`, labels, discoveredLabels, url, ...timing },
  };
}

/** What a discovered label may say otherwise. */
function defaultLabels(settings: TargetSettings): Label[] {
  return [
    ['job', settings.jobName],
    ['__scrape_interval__', formatDuration(settings.scrapeIntervalMs)],
    ['__scrape_timeout__', formatDuration(settings.scrapeTimeoutMs)],
    ['__metrics_path__', settings.metricsPath],
    ['__scheme__', settings.scheme],
    ['__scrape_native_histograms__', String(settings.scrapeNativeHistograms)],
    ['__always_scrape_classic_histograms__', String(settings.alwaysScrapeClassicHistograms)],
    ['__convert_classic_histograms_to_nhcb__', String(settings.convertClassicHistogramsToNhcb)],
  ];
}

/** What only relabelling can change. */
function parameterLabels({ params }: TargetSettings): Label[] {
  return Object.entries(params).flatMap(([name, [first]]): Label[] =>
    first === undefined ? [] : [[`${PARAMETER_PREFIX}${name}`, first]],
  );
}

/** A discovered label without a value must not hide a default. */
function nonEmpty(labels: Iterable<Label>): Label[] {
  return [...labels].filter(([, value]) => value !== '');
}

function readTiming(labels: Labels): { intervalMs: number; timeoutMs: number } | string {
  const interval = labels.get('__scrape_interval__');
  const timeout = labels.get('__scrape_timeout__');
  const intervalMs = parseDuration(interval);
  const timeoutMs = parseDuration(timeout);
  if (intervalMs === undefined) return `error parsing scrape interval: ${quote(interval)} is not a duration`;
  if (intervalMs === 0) return 'scrape interval cannot be 0';
  if (timeoutMs === undefined) return `error parsing scrape timeout: ${quote(timeout)} is not a duration`;
  if (timeoutMs === 0) return 'scrape timeout cannot be 0';
  if (timeoutMs > intervalMs) {
    return `scrape timeout cannot be greater than scrape interval (${quote(timeout)} > ${quote(interval)})`;
  }
  for (const name of [
    'scrape_native_histograms',
    'always_scrape_classic_histograms',
    'convert_classic_histograms_to_nhcb',
  ]) {
    const value = labels.get(`__${name}__`);
    if (!/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False|)$/.test(value)) {
      return `error parsing ${name.replaceAll('_', ' ')}: ${quote(value)} is neither true nor false`;
    }
  }
  return { intervalMs, timeoutMs };
}

function targetUrl(labels: Labels, settings: TargetSettings): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(settings.params)) for (const value of values) query.append(name, value);
  for (const [label, value] of labels) {
    if (!label.startsWith(PARAMETER_PREFIX)) continue;
    const name = label.slice(PARAMETER_PREFIX.length);
    const [, ...others] = query.getAll(name);
    // The label stands for the first value; further values can only come from the config.
    query.delete(name);
    for (const one of [value, ...others]) query.append(name, one);
  }
  const path = labels.get('__metrics_path__');
  const [pathname = '', ownQuery] = path.split('?', 2);
  const slash = pathname.startsWith('/') || pathname === '' ? '' : '/';
  const search = [ownQuery ?? '', query.toString()].filter((part) => part !== '').join('&');
  return `${labels.get('__scheme__')}://${labels.get(ADDRESS)}${slash}${pathname}${search === '' ? '' : `?${search}`}`;
}
