// One scenario under the shipped configuration: which alerts would have fired, and when.
import { replayRules } from '@tillwatch/alerting';
import { createSentinel, exampleConfig, plan, readTillwatchConfig, type SentinelReader } from '@tillwatch/checkout';
import { type RuleGroup, readRuleFile } from '@tillwatch/config';
import {
  compareLabels,
  invariant,
  type Labels,
  type Matcher,
  type Queryable,
  type Series,
  writeStaleAt,
} from '@tillwatch/model';
import { readScenario, type Scenario, scenarioOf } from './scenario.ts';

/** Which rules run: those that need no sentinel, those on its evidence, or all. */
export type Layer = 'rules' | 'sentinel' | 'both';

/** An alert in the form that the scorer reads; times in seconds since the epoch, `endsAt` null: still firing. */
export interface ScoredAlert {
  readonly alertname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: string;
  readonly startsAt: number;
  readonly endsAt: number | null;
}

/** As often as `tillwatch up` looks at the shop, and a real stack can. */
export const TICK_MS = 5_000;
const SCRAPE_MS = 15_000;

/** A shop as the scenarios have it, everything else as it is by default. */
const SHOP = exampleConfig({});

/** Replays one file. Reads nothing but the file, and looks at each moment at nothing that is younger. */
export async function detect(file: string, layer: Layer, cacheDir?: string): Promise<ScoredAlert[]> {
  const scenario = await readScenario(file, { cacheDir });
  const { lastMs, evalStartMs } = scenario;
  const toMs = Math.ceil(lastMs / SCRAPE_MS) * SCRAPE_MS;
  const evidence = layer === 'rules' ? [] : await sentinelSeries(scenario, toMs);
  const series =
    layer === 'sentinel'
      ? evidence
      : [...scenario.series, ...evidence].sort((a, b) => compareLabels(a.labels, b.labels));
  if (series.length === 0) return [];
  const { alerts, failures } = await replayRules({
    groups: ruleGroups(layer),
    queryable: scenarioOf(scenario.id, series).queryable,
    fromMs: evalStartMs,
    toMs,
    evaluationIntervalMs: SCRAPE_MS,
    keepRecorded: false,
  });
  for (const { rule, error } of failures) console.error(`${scenario.id}: ${rule}: ${error}`);
  return alerts.map(({ alert, labels, firedAtMs, resolvedAtMs }) => ({
    alertname: alert,
    labels: labels.toRecord(),
    severity: labels.get('severity'),
    startsAt: firedAtMs / 1_000,
    endsAt: resolvedAtMs === undefined ? null : resolvedAtMs / 1_000,
  }));
}

/** The rule files that `tillwatch generate` writes. */
function ruleGroups(layer: Layer): RuleGroup[] {
  const { config } = readTillwatchConfig({ file: 'tillwatch.yaml', text: SHOP });
  invariant(config !== undefined, 'the example is read without an error');
  return plan(config, { sentinel: 'embedded' })
    .filter(({ path }) => path.startsWith('rules/') && !path.endsWith('.test.yml'))
    .filter(({ path }) => layer === 'both' || (path === 'rules/sentinel.yml') === (layer === 'sentinel'))
    .flatMap(({ path, content }) => readRuleFile({ file: path, text: content }).groups);
}

/** What a sentinel publishes over a scenario about incidents and itself, with staleness markers where a series ends. */
async function sentinelSeries(scenario: Scenario, toMs: number): Promise<Series[]> {
  const sentinel = createSentinel({
    reader: advancingReader(scenario.queryable, scenario.firstMs, scenario.lastMs),
    jobs: ['shop'],
  });
  await sentinel.learn(scenario.evalStartMs);
  const evidence = new Evidence();
  for (let atMs = scenario.evalStartMs + TICK_MS; atMs <= toMs; atMs += TICK_MS) {
    await sentinel.tick(atMs);
    const isQuiet = sentinel.incidents().length === 0 && atMs % 60_000 !== 0;
    if (!isQuiet || evidence.isOpen) evidence.take(sentinel.samples(), atMs);
  }
  return evidence.series();
}

/** Columns of published series. Evidence about single parts is left out: no rule reads it, and it would fill the memory. */
class Evidence {
  readonly #columns = new Map<string, { labels: Labels; timestampsMs: number[]; values: number[]; stale: number[] }>();
  #open = new Set<string>();

  /** Was an incident published last time? */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  take(samples: readonly { readonly labels: Labels; readonly value: number }[], atMs: number): void {
    const open = new Set<string>();
    for (const { labels, value } of samples) {
      const name = labels.metricName;
      const isIncident = name.startsWith('tillwatch_incident');
      if (!isIncident && name !== 'tillwatch_sentinel_last_tick_timestamp_seconds') continue;
      let column = this.#columns.get(labels.key);
      if (column === undefined) {
        column = { labels, timestampsMs: [], values: [], stale: [] };
        this.#columns.set(labels.key, column);
      }
      column.timestampsMs.push(atMs);
      column.values.push(value);
      if (isIncident) open.add(labels.key);
    }
    for (const key of this.#open) {
      if (open.has(key)) continue;
      const column = this.#columns.get(key)!;
      column.stale.push(column.values.length);
      column.timestampsMs.push(atMs);
      column.values.push(Number.NaN);
    }
    this.#open = open;
  }

  series(): Series[] {
    return [...this.#columns.values()]
      .map(({ labels, timestampsMs, values, stale }) => {
        const column = Float64Array.from(values);
        for (const index of stale) writeStaleAt(column, index);
        return { labels, timestampsMs: Float64Array.from(timestampsMs), values: column };
      })
      .sort((a, b) => compareLabels(a.labels, b.labels));
  }
}

/**
 * Reads a store of which nothing changes, always further in time: each series remembers how far it was read, so that a tick costs
 * what is new. Nothing younger than what is asked for is handed out.
 */
function advancingReader(queryable: Queryable, firstMs: number, lastMs: number): SentinelReader {
  const cursors = new Map<string, { readonly series: Series; next: number }[]>();
  const of = (selector: readonly Matcher[]) => {
    const key = selector.join(',');
    const known =
      cursors.get(key) ?? [...queryable.select(selector, firstMs, lastMs)].map((series) => ({ series, next: 0 }));
    cursors.set(key, known);
    return known;
  };
  return {
    async read(selectors, _fromMs, toMs) {
      const found: Series[] = [];
      for (const selector of selectors) {
        for (const cursor of of(selector)) {
          const { series } = cursor;
          const from = cursor.next;
          let to = from;
          while (to < series.timestampsMs.length && series.timestampsMs[to]! <= toMs) to++;
          if (to === from) continue;
          cursor.next = to;
          found.push({
            labels: series.labels,
            timestampsMs: series.timestampsMs.subarray(from, to),
            values: series.values.subarray(from, to),
          });
        }
      }
      return found;
    },
  };
}
