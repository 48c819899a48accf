import { type Alert, Labels, METRIC_NAME, type VectorSample } from '@tillwatch/model';
import { type Expr, format, parse } from '@tillwatch/promql';
import { escapeQuery } from '../template/escape.ts';
import { ruleTemplates, TemplateError } from '../template/index.ts';
import { type AlertInstance, advance } from './alert-instance.ts';
import { evaluateVector, type RuleContext, RuleError, type RuleSample } from './rule-output.ts';

/** What an alerting rule says, with the labels of its group. Labels and annotations are templates. */
export interface AlertingRule {
  readonly kind: 'alerting';
  readonly name: string;
  readonly expr: Expr;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One alert of a rule: the instance and what is said of it. */
export interface ActiveAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  /** The value at the last evaluation in which the condition held. */
  readonly value: number;
  readonly instance: AlertInstance;
  readonly lastSentAtMs: number | undefined;
}

/** The alerts of a rule by the key of their labels. */
export type ActiveAlerts = ReadonlyMap<string, ActiveAlert>;

/** What an evaluation happens in. */
export interface RuleSurroundings extends RuleContext {
  readonly queryOffsetMs: number;
  readonly limit: number;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
}

/** What came of an evaluation. */
export interface AlertingResult {
  readonly active: ActiveAlerts;
  readonly samples: readonly RuleSample[];
  /** Templates that could not be expanded; the alerts fire all the same. */
  readonly templateErrors: readonly TemplateError[];
}

/**
 * Evaluates an alerting rule at `timeMs`. Changes nothing: the caller makes the result the present once it is stored.
 * @throws {RuleError | QueryError}
 */
export function evaluateAlertingRule(
  rule: AlertingRule,
  previous: ActiveAlerts,
  timeMs: number,
  surroundings: RuleSurroundings,
): AlertingResult {
  const readAtMs = timeMs - surroundings.queryOffsetMs;
  const templateErrors: TemplateError[] = [];
  const describe = describer(rule, timeMs, surroundings, templateErrors);
  const present = new Map<string, Description>();
  for (const sample of evaluateVector(rule.expr, readAtMs, surroundings)) {
    const alert = describe(sample);
    if (present.has(alert.labels.key)) {
      throw new RuleError('vector contains metrics with the same labelset after applying alert labels');
    }
    present.set(alert.labels.key, alert);
  }

  const active = new Map<string, ActiveAlert>();
  for (const key of new Set([...previous.keys(), ...present.keys()])) {
    const before = previous.get(key);
    const seen = present.get(key);
    const instance = advance(before?.instance, seen !== undefined, rule, timeMs);
    const said = seen ?? before;
    if (instance === undefined || said === undefined) continue;
    const isNew = before === undefined || (before.instance.state === 'inactive' && seen !== undefined);
    const { labels, annotations, value } = said;
    active.set(key, { labels, annotations, value, instance, lastSentAtMs: isNew ? undefined : before.lastSentAtMs });
  }

  const held = [...active.values()].filter((alert) => alert.instance.state !== 'inactive');
  if (surroundings.limit > 0 && held.length > surroundings.limit) {
    throw new AlertLimitError(`exceeded limit of ${surroundings.limit} with ${held.length} alerts`);
  }
  return { active, samples: held.flatMap((alert) => samplesOf(rule, alert)), templateErrors };
}

/** More alerts than the group allows. As in Prometheus, the rule then has none at all. */
export class AlertLimitError extends RuleError {}

type Description = Pick<ActiveAlert, 'labels' | 'annotations' | 'value'>;

/** What is said of the alert that an element of the vector makes. */
function describer(
  rule: AlertingRule,
  timeMs: number,
  surroundings: RuleSurroundings,
  errors: TemplateError[],
): (sample: VectorSample) => Description {
  const { externalLabels, externalUrl, queryOffsetMs } = surroundings;
  const query = (text: string) => queryVector(text, timeMs - queryOffsetMs, surroundings);
  const expand = ruleTemplates({ query, nowMs: timeMs, externalUrl }, externalLabels);
  const expandAll = (texts: Readonly<Record<string, string>>, sample: VectorSample): [string, string][] =>
    Object.entries(texts).map(([name, text]) => {
      try {
        return [name, expand({ file: `__alert_${rule.name}`, text }, sample)];
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        errors.push(error);
        return [name, `<error expanding template: ${error.message}>`];
      }
    });
  return (sample) => ({
    labels: sample.labels.without([METRIC_NAME]).merge([...expandAll(rule.labels, sample), ['alertname', rule.name]]),
    annotations: Labels.from(expandAll(rule.annotations, sample)),
    value: sample.value,
  });
}

/** The `query` function of templates. @throws {Error} */
function queryVector(text: string, timeMs: number, context: RuleContext): readonly VectorSample[] {
  const parsed = parse(text);
  if (!parsed.ok) throw new Error(parsed.problems[0]?.message ?? 'the query cannot be read');
  return evaluateVector(parsed.expr, timeMs, context);
}

/** `ALERTS` and `ALERTS_FOR_STATE` of one pending or firing alert. */
export function samplesOf(rule: Pick<AlertingRule, 'name'>, alert: ActiveAlert): RuleSample[] {
  const { labels, instance } = alert;
  return [
    {
      labels: labels.merge([
        [METRIC_NAME, 'ALERTS'],
        ['alertname', rule.name],
        ['alertstate', instance.state],
      ]),
      value: 1,
    },
    { labels: labels.with(METRIC_NAME, 'ALERTS_FOR_STATE'), value: Math.floor(instance.activeAtMs / 1000) },
  ];
}

/** Has the alert something to say at `nowMs`: it fires or was resolved, and that was not said lately. */
export function needsSending(alert: ActiveAlert, nowMs: number, resendDelayMs: number): boolean {
  const { instance, lastSentAtMs } = alert;
  if (instance.state === 'pending') return false;
  if (lastSentAtMs === undefined) return true;
  if (instance.state === 'inactive' && instance.resolvedAtMs > lastSentAtMs) return true;
  return lastSentAtMs + resendDelayMs < nowMs;
}

/**
 * The alert as it goes to the router. A firing one counts as resolved at `validUntilMs` unless it comes again until then.
 * External labels are added where the alert has none of that name.
 */
export function toAlert(
  rule: AlertingRule,
  alert: ActiveAlert & { readonly instance: Exclude<AlertInstance, { state: 'pending' }> },
  validUntilMs: number,
  { externalLabels, externalUrl }: Pick<RuleSurroundings, 'externalLabels' | 'externalUrl'>,
): Alert {
  const { instance } = alert;
  return {
    labels: externalLabels.merge(alert.labels),
    annotations: alert.annotations,
    startsAtMs: instance.firedAtMs,
    endsAtMs: instance.state === 'inactive' ? instance.resolvedAtMs : validUntilMs,
    generatorUrl: `${externalUrl.replace(/\/$/, '')}/graph?g0.expr=${escapeQuery(format(rule.expr))}&g0.tab=1`,
  };
}
