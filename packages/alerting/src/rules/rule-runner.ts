import { type Alert, type Labels, METRIC_NAME } from '@tillwatch/model';
import { format, type Preparation, prepareInstant, QueryError } from '@tillwatch/promql';
import {
  type ActiveAlert,
  type ActiveAlerts,
  AlertLimitError,
  evaluateAlertingRule,
  needsSending,
  type RuleSurroundings,
  samplesOf,
  toAlert,
} from './alerting-rule.ts';
import { type CompiledRule, nameOf, withPlace } from './compile-rule.ts';
import { evaluateRecordingRule } from './recording-rule.ts';
import { RuleError, type RuleSample } from './rule-output.ts';
import type { RuleStatus } from './status.ts';

/** What an evaluation of one rule wants to become; nothing has changed until `settle`. */
export interface RuleOutcome {
  /** `undefined`: the evaluation failed, what was written before stays as it is. */
  readonly samples: readonly RuleSample[] | undefined;
  readonly active: ActiveAlerts;
  readonly error: string;
  /** Not a mistake in a rule but in us: with its stack, for the log. */
  readonly bug: Error | undefined;
  /** The alerts fire, but some of their texts could not be expanded. */
  readonly warning: string;
  readonly atMs: number;
  readonly tookMs: number;
}

const NO_ALERTS: ActiveAlerts = new Map();

/** One rule with its state: the alerts it has, the series it wrote last, how it is doing. */
export class RuleRunner {
  readonly key: string;
  readonly #compiled: CompiledRule;
  /** The expression in canonical form, written once: statuses are asked for often. */
  #query: string | undefined;
  #active: ActiveAlerts = NO_ALERTS;
  #written: ReadonlyMap<string, Labels> = new Map();
  #last: RuleOutcome | undefined;

  constructor(compiled: CompiledRule) {
    this.key = compiled.key;
    this.#compiled = compiled;
  }

  get active(): ActiveAlerts {
    return this.#active;
  }

  /** The series of the last evaluation, by key. */
  get written(): ReadonlyMap<string, Labels> {
    return this.#written;
  }

  /** Takes up the alerts of an earlier process. */
  restore(active: ActiveAlerts): void {
    const { rule } = this.#compiled;
    if (rule?.kind !== 'alerting') return;
    this.#active = active;
    const held = [...active.values()].filter((alert) => alert.instance.state !== 'inactive');
    const samples = held.flatMap((alert) => samplesOf(rule, alert));
    this.#written = new Map(samples.map(({ labels }) => [labels.key, labels]));
  }

  /** Takes up the state of the same rule before a reload. */
  adopt(previous: RuleRunner): void {
    this.#active = previous.#active;
    this.#written = previous.#written;
    this.#last = previous.#last;
  }

  /** Does what takes long of an evaluation, with pauses for other work. Nothing when it fails: then the evaluation says why. */
  *prepare(atMs: number, surroundings: RuleSurroundings): Generator<void, Preparation | undefined> {
    const { rule } = this.#compiled;
    if (rule === undefined) return undefined;
    try {
      return yield* prepareInstant(rule.expr, atMs - surroundings.queryOffsetMs, surroundings);
    } catch {
      return undefined;
    }
  }

  /** Never throws: a rule that fails says so in its outcome. */
  evaluate(atMs: number, surroundings: RuleSurroundings): RuleOutcome {
    const startedMs = performance.now();
    const outcome = this.#attempt(atMs, surroundings);
    return { ...outcome, atMs, tookMs: performance.now() - startedMs };
  }

  #attempt(atMs: number, surroundings: RuleSurroundings): Omit<RuleOutcome, 'atMs' | 'tookMs'> {
    const { rule, problem, source } = this.#compiled;
    const failed = (message: string, active: ActiveAlerts, bug?: Error) => ({
      samples: undefined,
      active,
      error: withPlace(source.at, message),
      bug,
      warning: '',
    });
    if (rule === undefined) return failed(problem, this.#active);
    try {
      if (rule.kind === 'recording') {
        const readAtMs = atMs - surroundings.queryOffsetMs;
        const samples = evaluateRecordingRule(rule, readAtMs, surroundings, surroundings.limit);
        return { samples, active: NO_ALERTS, error: '', bug: undefined, warning: '' };
      }
      const { samples, active, templateErrors } = evaluateAlertingRule(rule, this.#active, atMs, surroundings);
      const [first] = templateErrors;
      const warning = first === undefined ? '' : withPlace(source.at, first.message);
      return { samples, active, error: '', bug: undefined, warning };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      const isExpected = error instanceof RuleError || error instanceof QueryError;
      const active = error instanceof AlertLimitError ? NO_ALERTS : this.#active;
      return failed(error.message, active, isExpected ? undefined : error);
    }
  }

  /** Makes an outcome the present, once it is stored. */
  settle(outcome: RuleOutcome): void {
    this.#last = outcome;
    this.#active = outcome.active;
    if (outcome.samples !== undefined) {
      this.#written = new Map(outcome.samples.map(({ labels }) => [labels.key, labels]));
    }
  }

  /** Remembers that an evaluation could not be stored; everything else stays as it was before. */
  settleFailure(outcome: RuleOutcome, message: string): void {
    const { at } = this.#compiled.source;
    this.#last = { ...outcome, samples: undefined, active: this.#active, error: withPlace(at, message), warning: '' };
  }

  /** The alerts that have something to say, which from now on counts as said. */
  takeAlertsToSend(
    nowMs: number,
    resendDelayMs: number,
    validUntilMs: number,
    surroundings: Pick<RuleSurroundings, 'externalLabels' | 'externalUrl'>,
  ): Alert[] {
    const { rule } = this.#compiled;
    if (rule?.kind !== 'alerting') return [];
    const alerts: Alert[] = [];
    const active = new Map<string, ActiveAlert>();
    for (const [key, alert] of this.#active) {
      const { instance } = alert;
      if (instance.state === 'pending' || !needsSending(alert, nowMs, resendDelayMs)) {
        active.set(key, alert);
        continue;
      }
      active.set(key, { ...alert, lastSentAtMs: nowMs });
      alerts.push(toAlert(rule, { ...alert, instance }, validUntilMs, surroundings));
    }
    this.#active = active;
    return alerts;
  }

  status(): RuleStatus {
    const { rule, source } = this.#compiled;
    this.#query ??= rule === undefined ? source.expr : format(rule.expr);
    const common = {
      name: nameOf(source),
      query: this.#query,
      labels: rule?.labels ?? source.labels,
      health:
        this.#last === undefined ? ('unknown' as const) : this.#last.error === '' ? ('ok' as const) : ('err' as const),
      lastError: this.#last?.error || this.#last?.warning || '',
      evaluationMs: this.#last?.tookMs ?? 0,
      lastEvaluationMs: this.#last?.atMs,
    };
    if (source.kind === 'recording') return { ...common, type: 'recording' };
    const alerts = [...this.#active.values()].flatMap(alertStatus);
    const state = alerts.some((alert) => alert.state === 'firing')
      ? 'firing'
      : alerts.length > 0
        ? 'pending'
        : 'inactive';
    const { forMs, keepFiringForMs, annotations } = source;
    return { ...common, type: 'alerting', state, forMs, keepFiringForMs, annotations, alerts };
  }
}

function alertStatus({ labels, annotations, value, instance }: ActiveAlert): (RuleStatus & {
  type: 'alerting';
})['alerts'] {
  if (instance.state === 'inactive') return [];
  return [
    {
      labels: labels.without([METRIC_NAME]).toRecord(),
      annotations: annotations.toRecord(),
      state: instance.state,
      activeAtMs: instance.activeAtMs,
      keepFiringSinceMs: instance.state === 'firing' ? instance.keepFiringSinceMs : undefined,
      value,
    },
  ];
}
