import {
  type RuleFailure,
  type RuleFile,
  RuleGraph,
  RuleSimulation,
  type SimulatedSeries,
  unfedReads,
} from '@tillwatch/alerting';
import { closest, formatDuration, Labels } from '@tillwatch/model';
import { durationMs } from './duration.ts';
import { RuleExpectationError } from './expectation-error.ts';
import type { TestSeries } from './series-builder.ts';
import { type Moment, Story } from './story.ts';

/** What a scenario is made of. */
export interface ScenarioOptions {
  readonly series: readonly TestSeries[];
  /** How often the series are scraped; as the rules' tillwatch.yaml says, or `15s`. */
  readonly every?: string;
  /** How often the rules are evaluated; as the rules' tillwatch.yaml says, or as often as is scraped. */
  readonly evaluateEvery?: string;
  /** The date and time of the first scrape, for rules that look at the clock; 1970 when not given. */
  readonly startsAt?: string | Date;
  readonly externalLabels?: Readonly<Record<string, string>>;
  readonly externalUrl?: string;
}

/** A text that must be equal, or an expression that must match. */
export type TextMatch = string | RegExp;

/** Which alerts are meant: those that have at least these labels. */
export interface WhichAlerts {
  readonly labels?: Readonly<Record<string, TextMatch>>;
}

/** When an alert must fire. All times count from the start of the scenario. */
export interface FiringExpectation extends WhichAlerts {
  /** It must not fire before this, and from then on has `within` to do so; `0` when not given. */
  readonly after?: string;
  readonly within: string;
  /** Rendered annotations that it must have. */
  readonly annotations?: Readonly<Record<string, TextMatch>>;
}

export interface QuietExpectation extends WhichAlerts {
  /** From when on; `0` when not given. */
  readonly after?: string;
  readonly until: string;
}

export interface ResolvedExpectation extends WhichAlerts {
  /** It must fire at this time, and has `within` to end. */
  readonly after: string;
  readonly within: string;
}

/** An alert of a scenario at one moment. */
export interface ScenarioAlert {
  readonly name: string;
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly value: number;
  /** Since when its condition holds, counted from the start: `10m30s`. */
  readonly activeAt: string;
  /** The evaluation it was seen at, counted from the start. */
  readonly seenAt: string;
}

const MAX_EVALUATIONS = 1_000_000;

/**
 * Rules over made-up series, played as the embedded engine would: the same evaluation, the same `for`, `keep_firing_for` and
 * templates. Time passes as far as expectations ask, whatever their order.
 */
export class RuleScenario {
  readonly #rules: readonly RuleFile[];
  readonly #graph: RuleGraph;
  readonly #seriesLabels: readonly Labels[];
  readonly #simulation: RuleSimulation;
  readonly #stepMs: number;
  readonly #moments: Moment[] = [];
  /** What went wrong for good: rules that cannot be evaluated. */
  #broken: string | undefined;
  readonly #story: Story;

  /** Use `Rules.watch`. */
  constructor(rules: readonly RuleFile[], options: ScenarioOptions, intervalMs: number, stepMs: number) {
    this.#rules = rules;
    this.#graph = new RuleGraph(rules);
    this.#seriesLabels = options.series.map(({ labels }) => labels);
    this.#stepMs = stepMs;
    this.#simulation = new RuleSimulation({
      rules,
      series: options.series.map((one) => simulated(one, intervalMs)),
      evaluationIntervalMs: stepMs,
      startMs: startMs(options.startsAt),
      externalLabels: Labels.of(options.externalLabels ?? {}),
      externalUrl: options.externalUrl ?? '',
    });
    this.#story = new Story(this.#simulation);
  }

  /**
   * Expects the alert to start firing between `after` and `after` plus `within`. Returns it as it was when it first fulfilled
   * everything. @throws {RuleExpectationError}
   */
  async expectFiring(alert: string, expectation: FiringExpectation): Promise<ScenarioAlert> {
    this.#mustKnow(alert);
    const afterMs = durationMs(expectation.after ?? '0', 'after');
    const untilMs = afterMs + durationMs(expectation.within, 'within');
    await this.#advance(untilMs);
    const isMeant = (one: ScenarioAlert) =>
      one.name === alert && one.state === 'firing' && has(one.labels, expectation.labels);
    const early = this.#moments.find(({ atMs, alerts }) => atMs < afterMs && alerts.some(isMeant));
    if (early !== undefined) {
      this.#fail(
        `${alert} fired at ${formatDuration(early.atMs)}, before ${formatDuration(afterMs)}`,
        alert,
        early.atMs,
        expectation,
      );
    }
    const fired = this.#between(afterMs, untilMs).flatMap(({ alerts }) => alerts.filter(isMeant));
    const good = fired.find((one) => has(one.annotations, expectation.annotations));
    if (good !== undefined) return good;
    const span = `between ${formatDuration(afterMs)} and ${formatDuration(untilMs)}`;
    if (fired[0] === undefined) this.#fail(`${alert} did not fire ${span}`, alert, untilMs, expectation);
    const wrong = differences(fired[0].annotations, expectation.annotations);
    throw new RuleExpectationError([`${alert} fired ${span}, but says something else`, ...wrong].join('\n  '));
  }

  /** Expects the alert, or any when none is named, not to fire from `after` until `until`. @throws {RuleExpectationError} */
  async expectQuiet(alert: string | undefined, expectation: QuietExpectation): Promise<void> {
    if (alert !== undefined) {
      this.#mustKnow(alert);
      this.#mustBeAbleToFire(alert);
    }
    const afterMs = durationMs(expectation.after ?? '0', 'after');
    const untilMs = durationMs(expectation.until, 'until');
    await this.#advance(untilMs);
    for (const { atMs, alerts } of this.#between(afterMs, untilMs)) {
      const loud = alerts.find(
        (one) => one.state === 'firing' && (alert ?? one.name) === one.name && has(one.labels, expectation.labels),
      );
      if (loud === undefined) continue;
      const span = `from ${formatDuration(afterMs)} until ${formatDuration(untilMs)}`;
      this.#fail(
        `${loud.name} fired at ${formatDuration(atMs)}, but was to be quiet ${span}`,
        loud.name,
        atMs,
        expectation,
      );
    }
  }

  /** Expects the alert to fire at `after` and to have ended within `within`. @throws {RuleExpectationError} */
  async expectResolved(alert: string, expectation: ResolvedExpectation): Promise<void> {
    this.#mustKnow(alert);
    const afterMs = durationMs(expectation.after, 'after');
    const untilMs = afterMs + durationMs(expectation.within, 'within');
    await this.#advance(untilMs);
    const fires = ({ alerts }: Moment) =>
      alerts.some((one) => one.name === alert && one.state === 'firing' && has(one.labels, expectation.labels));
    const before = this.#moments.findLast(({ atMs }) => atMs <= afterMs);
    if (before === undefined || !fires(before)) {
      this.#fail(`${alert} does not fire at ${formatDuration(afterMs)}, so it cannot end`, alert, afterMs, expectation);
    }
    if (this.#between(afterMs, untilMs).some((moment) => !fires(moment))) return;
    this.#fail(`${alert} still fires at ${formatDuration(untilMs)}`, alert, untilMs, expectation);
  }

  /** Every pending and firing alert at a moment, which is that of the last evaluation until then. */
  async alertsAt(at: string): Promise<readonly ScenarioAlert[]> {
    const atMs = durationMs(at, 'at');
    await this.#advance(atMs);
    return this.#moments.findLast((moment) => moment.atMs <= atMs)?.alerts ?? [];
  }

  /** What an expression gives at a moment: its elements, a scalar as one without labels. @throws {Error} */
  async valuesAt(
    expr: string,
    at: string,
  ): Promise<readonly { labels: Readonly<Record<string, string>>; value: number }[]> {
    const atMs = durationMs(at, 'at');
    await this.#advance(atMs);
    const value = this.#simulation.query(expr, atMs);
    if (value.type === 'scalar') return [{ labels: {}, value: value.value }];
    if (value.type !== 'vector') throw new Error(`${expr} gives no numbers at one moment, but a ${value.type}`);
    return value.samples.map((sample) => ({ labels: sample.labels.toRecord(), value: sample.value }));
  }

  /** Lets time pass. @throws {RuleExpectationError} when a rule cannot be evaluated */
  async #advance(untilMs: number): Promise<void> {
    if (untilMs / this.#stepMs > MAX_EVALUATIONS) {
      throw new TypeError(
        `${formatDuration(untilMs)} are more than ${MAX_EVALUATIONS} evaluations: evaluate less often`,
      );
    }
    for (let atMs = this.#moments.length * this.#stepMs; atMs <= untilMs; atMs += this.#stepMs) {
      if (this.#broken !== undefined) break;
      const failures = await this.#simulation.step();
      this.#moments.push(this.#story.momentNow());
      if (failures.length > 0) this.#broken = broken(failures, atMs);
    }
    if (this.#broken !== undefined) throw new RuleExpectationError(this.#broken);
  }

  #between(fromMs: number, untilMs: number): readonly Moment[] {
    return this.#moments.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
  }

  #mustKnow(alert: string): void {
    const names = this.#graph.alertNames;
    if (names.includes(alert)) return;
    const near = closest(alert, names);
    const files = this.#rules.map(({ file }) => file).join(', ');
    throw new RuleExpectationError(
      `there is no alert "${alert}" in ${files}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }

  #mustBeAbleToFire(alert: string): void {
    const sight = this.#graph.sight(this.#graph.alerting(alert).map(({ expr }) => expr));
    const unfed = unfedReads(sight, this.#seriesLabels);
    if (unfed === undefined) return;
    throw new RuleExpectationError(
      `${alert} is quiet whatever it says: it reads only ${unfed.join(', ')}, and no series of the scenario is of these`,
    );
  }

  #fail(what: string, alert: string, atMs: number, { labels }: WhichAlerts): never {
    const meant = labels === undefined ? [] : [`expected labels: ${textOf(labels)}`];
    const lines = [...meant, ...this.#story.around(alert, atMs, this.#moments)];
    throw new RuleExpectationError([what, ...lines].join('\n  '));
  }
}

function simulated(one: TestSeries, intervalMs: number): SimulatedSeries {
  const samples = one.samples(intervalMs);
  return { labels: one.labels, intervalMs, length: Number.POSITIVE_INFINITY, at: () => samples.next().value };
}

function startMs(startsAt: string | Date | undefined): number {
  if (startsAt === undefined) return 0;
  const ms = startsAt instanceof Date ? startsAt.getTime() : Date.parse(startsAt);
  if (Number.isNaN(ms)) throw new TypeError(`startsAt: "${startsAt}" is not a date; write 2026-01-31T08:00:00Z`);
  return ms;
}

function has(texts: Readonly<Record<string, string>>, wanted: Readonly<Record<string, TextMatch>> = {}): boolean {
  return Object.entries(wanted).every(([name, match]) => isMatch(texts[name] ?? '', match));
}

function isMatch(text: string, match: TextMatch): boolean {
  return typeof match === 'string' ? text === match : text.search(match) !== -1;
}

function differences(
  texts: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, TextMatch>> = {},
): string[] {
  return Object.entries(wanted)
    .filter(([name, match]) => !isMatch(texts[name] ?? '', match))
    .map(([name, match]) => {
      const expected = typeof match === 'string' ? JSON.stringify(match) : `text like ${match}`;
      return `annotation ${name}: expected ${expected}, got ${name in texts ? JSON.stringify(texts[name]) : 'none'}`;
    });
}

function textOf(wanted: Readonly<Record<string, TextMatch>>): string {
  const parts = Object.entries(wanted).map(([name, match]) =>
    typeof match === 'string' ? `${name}=${JSON.stringify(match)}` : `${name}=~${match}`,
  );
  return `{${parts.join(', ')}}`;
}

function broken(failures: readonly RuleFailure[], atMs: number): string {
  const lines = failures.map(({ rule, error }) => `${rule}: ${error}`);
  return [`rules cannot be evaluated at ${formatDuration(atMs)}`, ...lines].join('\n  ');
}
