import type { Labels, Problem, SourceText } from '@tillwatch/model';
import { builtins } from './builtins.ts';
import { type PrometheusEnvironment, prometheusFunctions } from './prometheus-functions.ts';
import { checkText, type ExecuteOptions, execute, type TemplateSet } from './template-set.ts';
import { HostObject, stringMap, type Value } from './value.ts';

/** What the texts of one alert are expanded over. */
export interface RuleTemplateData {
  /** The labels of the element that made the alert, the metric name included. */
  readonly labels: Labels;
  readonly externalLabels: Labels;
  readonly value: number;
}

/** Expands the texts of one alert: `$labels`, `$value`, `$externalLabels` and `$externalURL` are defined. */
export type RuleTemplateExpander = (source: SourceText) => string;

const VARIABLES = ['$labels', '$externalLabels', '$externalURL', '$value'];

/**
 * Prepares the expansion of an alert's labels and annotations with Prometheus's functions.
 * The expander throws `TemplateError` for a text that cannot be read or fails.
 */
export function ruleTemplates(data: RuleTemplateData, environment: PrometheusEnvironment): RuleTemplateExpander {
  const labels = stringMap(data.labels.toRecord());
  const externalLabels = stringMap(data.externalLabels.toRecord());
  const set = templateSet(environment);
  const root = new HostObject('template.AlertTemplateData', {
    fields: { Labels: labels, ExternalLabels: externalLabels, ExternalURL: environment.externalUrl, Value: data.value },
  });
  const variables = {
    $labels: labels,
    $externalLabels: externalLabels,
    $externalURL: environment.externalUrl,
    $value: data.value,
  };
  return (source) => (source.text.includes('{{') ? execute(set, source, root, { variables }) : source.text);
}

/** Finds what is wrong in a label or annotation of a rule without running it. */
export function checkRuleTemplate(source: SourceText): Problem[] {
  return checkText(templateSet({ query: () => [], nowMs: 0, externalUrl: '' }), source, VARIABLES);
}

/** Expands a console or any other text with Prometheus's functions over data of the caller's. @throws {TemplateError} */
export function expandPrometheusTemplate(
  source: SourceText,
  data: Value,
  environment: PrometheusEnvironment,
  options?: ExecuteOptions,
): string {
  return execute(templateSet(environment), source, data, options);
}

function templateSet(environment: PrometheusEnvironment): TemplateSet {
  return { templates: new Map(), functions: { ...builtins, ...prometheusFunctions(environment) } };
}
