import type { TestSample } from '@tillwatch/config';
import { type Clock, type Labels, type Logger, silentLogger } from '@tillwatch/model';
import { evaluateInstant, type InstantValue, parse } from '@tillwatch/promql';
import { createRuleEngine, type RuleEngine, type RuleFile } from '../rules/rule-engine.ts';
import type { RuleGroupStatus, RuleStatus } from '../rules/status.ts';
import { type Observation, observe } from './observe.ts';
import { RuleGraph } from './rule-graph.ts';
import { TestStore } from './test-store.ts';

/** A series of a simulation: one sample in each interval from the start on. */
export interface SimulatedSeries {
  readonly labels: Labels;
  readonly intervalMs: number;
  /** How many samples there are at most; infinite for a series that goes on. */
  readonly length: number;
  /** The sample at `index` intervals after the start; `undefined` for none. Asked once for each, in order. */
  at(index: number): TestSample;
}

/** What is simulated. */
export interface SimulationOptions {
  readonly rules: readonly RuleFile[];
  readonly series: readonly SimulatedSeries[];
  /** Every group is evaluated this often, whatever interval it has of its own. */
  readonly evaluationIntervalMs: number;
  readonly startMs: number;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** Groups in this order come first to last; those that are not named keep the order of their files. */
  readonly groupOrder?: readonly string[];
}

/** A rule that could not be evaluated. */
export interface RuleFailure {
  readonly rule: string;
  readonly error: string;
}

/**
 * Rules as they run in production, over series that are known beforehand and a clock that only moves when it is told to.
 * Samples become visible as time passes: no evaluation sees what lies in its future.
 */
export class RuleSimulation {
  readonly #options: SimulationOptions;
  readonly #store = new TestStore();
  readonly #engine: RuleEngine;
  readonly #graph: RuleGraph;
  readonly #loaded: number[];
  #nowMs: number;
  #evaluations = 0;
  #hasTrouble = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#graph = new RuleGraph(options.rules);
    this.#nowMs = options.startMs;
    this.#loaded = options.series.map(() => 0);
    const clock: Clock = { nowMs: () => this.#nowMs, sleep: () => new Promise(() => undefined) };
    const note = () => {
      this.#hasTrouble = true;
    };
    const logger: Logger = { ...silentLogger, warn: note, error: note };
    const { externalLabels, externalUrl, evaluationIntervalMs } = options;
    this.#engine = createRuleEngine({
      groups: ordered(options.rules, options.groupOrder ?? []),
      queryable: this.#store,
      store: this.#store,
      clock,
      logger,
      externalLabels,
      externalUrl,
      evaluationIntervalMs,
      onAlerts() {},
    });
  }

  /** When the simulation began, in ms since the epoch. */
  get startMs(): number {
    return this.#options.startMs;
  }

  /** The time of the last evaluation, in ms since the start; the start before there was one. */
  get elapsedMs(): number {
    return this.#nowMs - this.#options.startMs;
  }

  /** Moves on by one evaluation, the first at the start itself. Returns the rules that failed. */
  async step(): Promise<readonly RuleFailure[]> {
    const { startMs, evaluationIntervalMs } = this.#options;
    this.#nowMs = startMs + this.#evaluations * evaluationIntervalMs;
    this.#evaluations++;
    this.#load();
    this.#hasTrouble = false;
    await this.#engine.evaluate(this.#nowMs);
    if (!this.#hasTrouble) return [];
    return this.rules().flatMap(({ name, health, lastError }) =>
      health === 'err' ? [{ rule: name, error: lastError }] : [],
    );
  }

  groups(): readonly RuleGroupStatus[] {
    return this.#engine.groups();
  }

  /** Every rule with the alerts that it has after the last evaluation. */
  rules(): readonly RuleStatus[] {
    return this.groups().flatMap((group) => group.rules);
  }

  /** What is behind a condition at a moment counted from the start; see `observe`. Nothing for a text that is no PromQL. */
  observe(condition: string, elapsedMs: number): Observation[] {
    const parsed = parse(condition);
    if (!parsed.ok) return [];
    const { startMs, evaluationIntervalMs: defaultStepMs } = this.#options;
    const recordedAs = (name: string) => this.#graph.recordedAs(name);
    return observe(parsed.expr, startMs + elapsedMs, { queryable: this.#store, defaultStepMs, recordedAs });
  }

  /** Asks the store at a moment counted from the start. @throws {QueryError | Error} */
  query(expr: string, elapsedMs: number): InstantValue {
    const parsed = parse(expr);
    if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
    const { startMs, evaluationIntervalMs: defaultStepMs } = this.#options;
    return evaluateInstant(parsed.expr, startMs + elapsedMs, { queryable: this.#store, defaultStepMs }).value;
  }

  /** Stores what the series have to say until now. */
  #load(): void {
    this.#options.series.forEach((series, i) => {
      let next = this.#loaded[i]!;
      for (; next < series.length; next++) {
        const atMs = this.#options.startMs + next * series.intervalMs;
        if (atMs > this.#nowMs) break;
        const value = series.at(next);
        if (value !== undefined) this.#store.append(series.labels, atMs, value);
      }
      this.#loaded[i] = next;
    });
  }
}

/** Every group by itself, in the order in which they are evaluated: a group that is not named counts as one of the first. */
function ordered(files: readonly RuleFile[], order: readonly string[]): RuleFile[] {
  const rank = (name: string) => Math.max(0, order.indexOf(name));
  return files
    .flatMap(({ file, groups }) => groups.map((group) => ({ file, groups: [group] })))
    .sort((a, b) => rank(a.groups[0]!.name) - rank(b.groups[0]!.name));
}
