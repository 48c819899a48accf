import type { Labels, Problem, SourceText } from '@tillwatch/model';
import { builtins } from './builtins.ts';
import { type PrometheusEnvironment, prometheusFunctions } from './prometheus-functions.ts';
import {
  checkText,
  type ExecuteOptions,
  execute,
  type PreparedTemplate,
  prepare,
  type TemplateSet,
} from './template-set.ts';
import { HostObject, stringMap, type Value } from './value.ts';

/** What the texts of one alert are expanded over. */
interface RuleTemplateData {
  /** The labels of the element that made the alert, the metric name included. */
  readonly labels: Labels;
  readonly value: number;
}

/** Expands one text for one alert. @throws {TemplateError} for a text that cannot be read or fails. */
export type RuleTemplateExpander = (source: SourceText, data: RuleTemplateData) => string;

const VARIABLES = ['$labels', '$externalLabels', '$externalURL', '$value'];

/**
 * Prepares the expansion of labels and annotations with Prometheus's functions: `$labels`, `$value`, `$externalLabels` and
 * `$externalURL` are defined. Each text is read once, however many alerts it is expanded for.
 */
export function ruleTemplates(environment: PrometheusEnvironment, externalLabels: Labels): RuleTemplateExpander {
  // Most evaluations have no alert, and so no text.
  let set: TemplateSet | undefined;
  const prepared = new Map<string, PreparedTemplate>();
  const $externalLabels = stringMap(externalLabels.toRecord());
  const $externalURL = environment.externalUrl;
  return (source, { labels, value }) => {
    // Most texts of a rule have nothing to expand.
    if (!source.text.includes('{{')) return source.text;
    set ??= templateSet(environment);
    const template = prepared.get(source.text) ?? prepare(set, source, VARIABLES);
    prepared.set(source.text, template);
    const $labels = stringMap(labels.toRecord());
    const root = new HostObject('template.AlertTemplateData', {
      fields: { Labels: $labels, ExternalLabels: $externalLabels, ExternalURL: $externalURL, Value: value },
    });
    return template.execute(root, { variables: { $labels, $externalLabels, $externalURL, $value: value } });
  };
}

/** Finds what is wrong in a label or annotation of a rule without running it. */
export function checkRuleTemplate(source: SourceText): Problem[] {
  return checkText(templateSet({ query: () => [], nowMs: 0, externalUrl: '' }), source, VARIABLES);
}

/**
 * Expands a text in Go's template language with Prometheus's functions over data of the caller's. In `data` a `bigint` is an
 * integer, a `number` a float; maps, plain objects and arrays are what they are in Go. @throws {TemplateError}
 */
export function expandTemplate(
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
