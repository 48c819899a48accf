import { type Alert, Labels, parseDuration, type Querier, type VectorSample } from '@tillwatch/model';
import { type Expr, evaluateInstant, evaluateRange, parse } from '@tillwatch/promql';
import { parse as parseYaml } from 'yaml';
import { exampleConfig, plan, readTillwatchConfig, type TillwatchConfig } from '../../src/index.ts';
import { GrowingStore } from './growing-store.ts';
import { RandomShop, type Weather } from './random-shop.ts';

interface WatchedRule {
  readonly expr: Expr;
  readonly labels: Labels;
  readonly record: string | undefined;
  readonly alert: string;
  readonly forMs: number;
  readonly keepMs: number;
  readonly everyMs: number;
}

interface Instance {
  /** Several rules can have one name. */
  readonly rule: WatchedRule;
  readonly labels: Labels;
  readonly activeAtMs: number;
  firedAtMs: number | undefined;
  lastSeenMs: number;
}

/** An alert that fired. */
export interface Firing {
  readonly alert: string;
  readonly labels: Labels;
  readonly activeAtMs: number;
  readonly firedAtMs: number;
  endedAtMs: number | undefined;
}

/** The config of these tests: the example with another shop in it. */
export function testConfig(change: (text: string) => string = (text) => text): TillwatchConfig {
  const text = change(
    exampleConfig({
      shopName: 'Nordlicht',
      timezone: 'Europe/Berlin',
      providers: ['acme-pay', 'nordbank', 'walletly'],
      channels: ['web', 'app'],
    }).replace('interval: 15s', 'interval: 10s'),
  );
  const { config, problems } = readTillwatchConfig({ file: 'tillwatch.yaml', text });
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return config;
}

/**
 * A shop and a watch over it in one: scrapes and evaluates the generated rules on a simulated clock, with `for` and
 * `keep_firing_for` as Prometheus has them.
 */
export class Watch implements Querier {
  readonly store = new GrowingStore();
  readonly shop: RandomShop;
  readonly config: TillwatchConfig;
  readonly fired: Firing[] = [];
  nowMs = Date.UTC(2026, 2, 3, 14, 0, 0);
  readonly #rules: readonly WatchedRule[];
  readonly #recorded = new Map<WatchedRule, Map<string, Labels>>();
  readonly #instances = new Map<string, Instance>();
  readonly #intervalMs = 10_000;

  constructor(options: {
    seed: number;
    attemptsPerMinute: number;
    config?: TillwatchConfig;
    /** Only the rules whose name this matches; an hour of all of them takes its time. */
    only?: RegExp;
  }) {
    this.config = options.config ?? testConfig();
    this.shop = new RandomShop(options.seed, options.attemptsPerMinute);
    this.#rules = rulesOf(this.config).filter(({ record, alert }) => options.only?.test(record ?? alert) ?? true);
  }

  /** Lets time pass. */
  run(minutes: number, weather: Weather = {}): void {
    for (let rounds = Math.round((minutes * 60_000) / this.#intervalMs); rounds > 0; rounds--) {
      this.nowMs += this.#intervalMs;
      this.shop.scrape(this.store, this.nowMs, this.#intervalMs / 1_000, weather);
      for (const rule of this.#rules) if (this.nowMs % rule.everyMs === 0) this.#evaluate(rule);
    }
  }

  pages(): Firing[] {
    return this.fired.filter(({ labels }) => labels.get('severity') === 'page');
  }

  firingAlerts(): Alert[] {
    return this.fired.map(({ labels, firedAtMs, endedAtMs }) => ({
      labels,
      annotations: Labels.empty,
      startsAtMs: firedAtMs,
      endsAtMs: endedAtMs ?? this.nowMs + 300_000,
      generatorUrl: '',
    }));
  }

  async instant(expr: string, atMs: number): Promise<readonly VectorSample[]> {
    return this.#query(parsed(expr), atMs);
  }

  async range(expr: string, startMs: number, endMs: number, stepMs: number) {
    return evaluateRange(parsed(expr), { startMs, endMs, stepMs }, { queryable: this.store }).series;
  }

  #query(expr: Expr, atMs: number): readonly VectorSample[] {
    const { value } = evaluateInstant(expr, atMs, { queryable: this.store });
    if (value.type === 'vector') return value.samples;
    if (value.type === 'scalar') return [{ labels: Labels.empty, timestampMs: atMs, value: value.value }];
    throw new Error(`a ${value.type} is no answer`);
  }

  #evaluate(rule: WatchedRule): void {
    const samples = this.#query(rule.expr, this.nowMs);
    if (rule.record === undefined) this.#advance(rule, samples);
    else this.#record(rule, rule.record, samples);
  }

  /** Series that a rule no longer yields are marked stale, so that nobody takes their last value for today's. */
  #record(rule: WatchedRule, name: string, samples: readonly VectorSample[]): void {
    const gone = this.#recorded.get(rule) ?? new Map<string, Labels>();
    const yielded = new Map<string, Labels>();
    for (const { labels: own, value } of samples) {
      const labels = own.merge(rule.labels).with('__name__', name);
      this.store.append(labels, this.nowMs, value);
      yielded.set(labels.key, labels);
      gone.delete(labels.key);
    }
    for (const labels of gone.values()) this.store.append(labels, this.nowMs, 'stale');
    this.#recorded.set(rule, yielded);
  }

  #advance(rule: WatchedRule, samples: readonly VectorSample[]): void {
    for (const sample of samples) {
      const labels = sample.labels.merge(rule.labels).merge([
        ['__name__', ''],
        ['alertname', rule.alert],
      ]);
      const known = this.#instances.get(labels.key);
      const instance = known ?? { rule, labels, activeAtMs: this.nowMs, firedAtMs: undefined, lastSeenMs: this.nowMs };
      instance.lastSeenMs = this.nowMs;
      this.#instances.set(labels.key, instance);
      if (instance.firedAtMs === undefined && this.nowMs - instance.activeAtMs >= rule.forMs) {
        instance.firedAtMs = this.nowMs;
        this.fired.push({
          alert: rule.alert,
          labels,
          activeAtMs: instance.activeAtMs,
          firedAtMs: this.nowMs,
          endedAtMs: undefined,
        });
      }
    }
    for (const [key, instance] of this.#instances) {
      if (instance.rule !== rule) continue;
      if (instance.lastSeenMs < this.nowMs) this.#release(key, instance, rule.keepMs);
      if (instance.firedAtMs !== undefined && this.#instances.has(key)) {
        this.store.append(
          instance.labels.merge([
            ['__name__', 'ALERTS'],
            ['alertstate', 'firing'],
          ]),
          this.nowMs,
          1,
        );
        this.store.append(
          instance.labels.with('__name__', 'ALERTS_FOR_STATE'),
          this.nowMs,
          instance.activeAtMs / 1_000,
        );
      }
    }
  }

  #release(key: string, instance: Instance, keepMs: number): void {
    if (instance.firedAtMs !== undefined && this.nowMs - instance.lastSeenMs < keepMs) return;
    this.#instances.delete(key);
    if (instance.firedAtMs === undefined) return;
    const firing = this.fired.findLast(
      ({ labels, endedAtMs }) => labels.equals(instance.labels) && endedAtMs === undefined,
    );
    if (firing !== undefined) firing.endedAtMs = this.nowMs;
    this.store.append(
      instance.labels.merge([
        ['__name__', 'ALERTS'],
        ['alertstate', 'firing'],
      ]),
      this.nowMs,
      'stale',
    );
    this.store.append(instance.labels.with('__name__', 'ALERTS_FOR_STATE'), this.nowMs, 'stale');
  }
}

const parsedQueries = new Map<string, Expr>();

function parsed(text: string): Expr {
  let expr = parsedQueries.get(text);
  if (expr === undefined) {
    const result = parse(text);
    if (!result.ok) throw new Error(`${result.problems[0]?.message} in ${text}`);
    expr = result.expr;
    parsedQueries.set(text, expr);
  }
  return expr;
}

interface WrittenRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Record<string, string>;
}

function rulesOf(config: TillwatchConfig): WatchedRule[] {
  const files = plan(config).filter(({ path }) => path === 'rules/checkout.yml' || path === 'rules/promotions.yml');
  const groups = files.flatMap(
    ({ content }) => (parseYaml(content) as { groups: { interval?: string; rules: WrittenRule[] }[] }).groups,
  );
  const ms = (duration: string | undefined) => (duration === undefined ? 0 : (parseDuration(duration) as number));
  return groups.flatMap(({ interval, rules }) =>
    rules.map((rule) => ({
      expr: parsed(rule.expr),
      labels: Labels.of(rule.labels ?? {}),
      record: rule.record,
      alert: rule.alert ?? '',
      forMs: ms(rule.for),
      keepMs: ms(rule.keep_firing_for),
      everyMs: ms(interval) || 10_000,
    })),
  );
}
