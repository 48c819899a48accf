import type { Labels } from '@tillwatch/model';
import type { EvalContext } from '@tillwatch/promql';
import { type ActiveAlert, type ActiveAlerts, evaluateAlertingRule } from '../rules/alerting-rule.ts';
import { nameOf, withPlace } from '../rules/compile-rule.ts';
import { RuleRunner } from '../rules/rule-runner.ts';
import { TickFailures, type Ticks } from './columns.ts';
import { canGive, type Hoisted, hoist, type Reach, type Standing } from './hoist.ts';
import { LeafValues } from './leaf-values.ts';
import { recordColumns } from './record-columns.ts';
import type { ReplayStore } from './replay-store.ts';
import type { ReplayedAlert, ReplayFailure } from './replayed-alert.ts';
import type { ReplayedRule } from './replayed-rule.ts';
import type { Component } from './rule-order.ts';

/** What all rules of a replay share. */
export interface RuleSurroundings {
  readonly store: ReplayStore;
  readonly context: Omit<EvalContext, 'queryable'> & { readonly defaultStepMs: number };
  readonly externalLabels: Labels;
  readonly externalUrl: string;
}

/** An alert that fires, until it is resolved. */
type Firing = { -readonly [key in keyof ReplayedAlert]: ReplayedAlert[key] };

/** What a rule works with in one slice. */
interface Slice {
  readonly ticks: Ticks;
  readonly leaves: LeafValues;
  readonly failures: TickFailures;
}

/** One rule on its way through time. A slice is begun, run as a whole or tick by tick, and finished. */
export class RuleReplay {
  readonly rule: ReplayedRule;
  readonly #surroundings: RuleSurroundings;
  readonly #hoisted: Hoisted | undefined;
  /** The rule of production, on the expression whose leaves are known; texts that change nothing are left for later. */
  readonly #runner: RuleRunner;
  readonly #alerts: Firing[] = [];
  readonly #firing = new Map<string, Firing>();
  /** Alerts of this slice that have no texts yet: those may ask for what other rules give at the same tick. */
  #untold: { readonly alert: Firing; readonly key: string; readonly tick: number }[] = [];
  /** What a recording rule wrote at its last tick that did not fail. */
  #written: ReadonlyMap<string, Labels> = new Map();
  #slice: Slice | undefined;
  #failure: ReplayFailure | undefined;

  constructor(
    rule: ReplayedRule,
    component: Component,
    rules: readonly ReplayedRule[],
    surroundings: RuleSurroundings,
  ) {
    this.rule = rule;
    this.#surroundings = surroundings;
    const { compiled } = rule;
    const members = new Set(component.isCyclic ? component.rules : []);
    this.#hoisted =
      compiled.rule &&
      hoist(compiled.rule.expr, ({ matchers }, standing) => {
        const read = rules.filter(({ writes }) => writes.mayMatch(matchers));
        return reachOf(rule, read, members, standing);
      });
    const expr = this.#hoisted?.expr;
    const bare =
      compiled.rule === undefined || expr === undefined
        ? undefined
        : compiled.rule.kind === 'alerting'
          ? { ...compiled.rule, expr, annotations: {} }
          : { ...compiled.rule, expr };
    this.#runner = new RuleRunner({ ...compiled, rule: bare });
  }

  /** Evaluates all that does not depend on the rule itself. */
  beginSlice(ticks: Ticks): void {
    const { store, context } = this.#surroundings;
    if (this.#hoisted === undefined) {
      if (ticks.atMs.length > 0) this.#fail(ticks.atMs[0]!, this.rule.compiled.problem, ticks.atMs.length);
      return;
    }
    const failures = new TickFailures();
    const leaves = LeafValues.evaluate(this.#hoisted, this.rule, ticks, store, context, failures);
    this.#slice = { ticks, leaves, failures };
  }

  /** All ticks of the slice, for a rule on which no other one waits. */
  runSlice(): void {
    if (this.#slice === undefined) return;
    const { ticks, leaves, failures } = this.#slice;
    const { rule } = this.rule.compiled;
    if (rule?.kind === 'recording' && this.#hoisted?.isWhole === true) {
      const seriesOf = (labels: Labels) => this.#surroundings.store.seriesOf(this.rule, labels);
      this.#written = recordColumns(rule, this.rule.limit, leaves.whole, ticks, this.#written, failures, seriesOf);
      for (const [k, message] of failures) this.#fail(ticks.atMs[k]!, message);
      return;
    }
    for (let k = 0; k < ticks.atMs.length; k++) this.tick(k);
  }

  /** One tick of the slice. */
  tick(k: number): void {
    if (this.#slice === undefined) return;
    const { ticks, leaves, failures } = this.#slice;
    const atMs = ticks.atMs[k]!;
    const failure = failures.at(k);
    if (failure !== undefined) {
      this.#fail(atMs, failure);
      return;
    }
    const before = this.#runner.active;
    if (before.size === 0 && this.#runner.written.size === 0) {
      if (!canGive(this.#hoisted!.expr, (id) => leaves.isEmpty(id, k))) return;
    }
    const outcome = this.#runner.evaluate(atMs, this.#around(k));
    if (outcome.bug !== undefined) throw outcome.bug;
    if (outcome.samples === undefined) this.#fail(atMs, outcome.error, 1, true);
    else this.#write(outcome.samples, ticks.readMs[k]!);
    this.#runner.settle(outcome);
    if (this.rule.compiled.rule?.kind === 'alerting') this.#follow(before, outcome.active, k, atMs);
  }

  #around(k: number) {
    const { store, context, externalLabels, externalUrl } = this.#surroundings;
    const { ticks, leaves } = this.#slice!;
    const { queryOffsetMs, limit } = this.rule;
    const queryable = leaves.at(k, store.at(this.rule, ticks.atMs[k]!));
    return { ...context, queryable, queryOffsetMs, limit, externalLabels, externalUrl };
  }

  #write(samples: readonly { readonly labels: Labels; readonly value: number }[], sampleMs: number): void {
    const { store } = this.#surroundings;
    const keys = new Set(samples.map(({ labels }) => labels.key));
    for (const [key, labels] of this.#runner.written) {
      if (!keys.has(key)) store.seriesOf(this.rule, labels).append(sampleMs, 'stale');
    }
    for (const { labels, value } of samples) store.seriesOf(this.rule, labels).append(sampleMs, value);
  }

  /** Notes which alerts began to fire and which ones ended. */
  #follow(before: ActiveAlerts, active: ActiveAlerts, k: number, atMs: number): void {
    for (const [key, { labels, value, instance }] of active) {
      if (instance.state !== 'firing' || isFiring(before.get(key))) continue;
      const alert: Firing = {
        group: this.rule.group,
        alert: nameOf(this.rule.compiled.source),
        labels,
        annotations: labels,
        value,
        activeAtMs: instance.activeAtMs,
        firedAtMs: instance.firedAtMs,
        resolvedAtMs: undefined,
      };
      this.#alerts.push(alert);
      this.#firing.set(key, alert);
      this.#untold.push({ alert, key, tick: k });
    }
    for (const [key, alert] of this.#firing) {
      if (isFiring(active.get(key))) continue;
      alert.resolvedAtMs = atMs;
      this.#firing.delete(key);
    }
  }

  /** Writes the texts of the alerts that fired, once all rules have run. */
  finishSlice(): void {
    const { rule } = this.rule.compiled;
    if (rule?.kind === 'alerting') {
      for (const { alert, key, tick } of this.#untold) {
        const whole = { ...rule, expr: this.#hoisted!.expr };
        const { active } = evaluateAlertingRule(whole, new Map(), alert.firedAtMs, { ...this.#around(tick), limit: 0 });
        alert.annotations = active.get(key)!.annotations;
      }
    }
    this.#untold = [];
    this.#slice = undefined;
  }

  #fail(atMs: number, message: string, ticks = 1, isPlaced = false): void {
    const { source } = this.rule.compiled;
    this.#failure = {
      group: this.rule.group,
      rule: nameOf(source),
      error: this.#failure?.error ?? (isPlaced ? message : withPlace(source.at, message)),
      firstAtMs: this.#failure?.firstAtMs ?? atMs,
      ticks: (this.#failure?.ticks ?? 0) + ticks,
    };
  }

  alerts(): readonly ReplayedAlert[] {
    return this.#alerts;
  }

  failure(): ReplayFailure | undefined {
    return this.#failure;
  }
}

function isFiring(alert: ActiveAlert | undefined): boolean {
  return alert?.instance.state === 'firing';
}

/** How a rule can read what the rules `read` write. */
function reachOf(
  rule: ReplayedRule,
  read: readonly ReplayedRule[],
  members: ReadonlySet<ReplayedRule>,
  { offsetMs, isPlain }: Standing,
): Reach {
  let reach: Reach = 'free';
  for (const other of read) {
    if (members.has(other)) return 'bound';
    // By how much the newest sample that is looked for is older than what the other rule writes at the same moment.
    const delayMs = offsetMs + rule.queryOffsetMs - other.queryOffsetMs;
    if (delayMs > 0 || (delayMs === 0 && other.order < rule.order)) continue;
    if (!isPlain) return 'bound';
    reach = 'later';
  }
  return reach;
}
