import { positionAt, type Span } from '@tillwatch/model';

/** Something worth knowing about an answer: a warning (it may be wrong) or an info (it may not be what was meant). */
export interface Annotation {
  readonly severity: 'warning' | 'info';
  /** Prometheus's text, with line and column of what it is about: `PromQL info: … (1:6)`. */
  readonly message: string;
  readonly at: Span;
}

/** Collects annotations, each once, in the order of their first appearance. */
export class Annotations {
  readonly #all = new Map<string, Annotation>();

  warn(text: string, at: Span): void {
    this.#add('warning', text, at);
  }

  info(text: string, at: Span): void {
    this.#add('info', text, at);
  }

  list(): Annotation[] {
    return [...this.#all.values()];
  }

  #add(severity: 'warning' | 'info', text: string, at: Span): void {
    const { line, column } = positionAt(at.text, at.from);
    const message = `PromQL ${severity}: ${text} (${line}:${column})`;
    if (!this.#all.has(message)) this.#all.set(message, { severity, message, at });
  }
}

/** Names the metric at the end of an annotation, when it has a name. */
export function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${JSON.stringify(name)}`;
}

/** Texts about native histograms, as Prometheus has them. */
export const HISTOGRAM_NOTES = {
  notCounter: (name: string) => `this native histogram metric is not a counter: ${JSON.stringify(name)}`,
  notGauge: (name: string) => `this native histogram metric is not a gauge: ${JSON.stringify(name)}`,
  mixedSamples: (name: string) => `encountered a mix of histograms and floats for metric name ${JSON.stringify(name)}`,
  mixedGroup: 'encountered a mix of histograms and floats for aggregation',
  mixedSchemas: (name: string) =>
    `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${JSON.stringify(name)}`,
  mixedWithClassic: (name: string) => `vector contains a mix of classic and native histograms${forMetric(name)}`,
  ignoredInRange: (name: string) =>
    `ignored histograms in a range containing both floats and histograms for metric name ${JSON.stringify(name)}`,
  ignoredInAggregation: (op: string) => `ignored histogram in ${op} aggregation`,
  hintConflict: (during: string) => `conflicting counter resets during histogram ${during}`,
  reconciledBounds: (during: string) => `mismatched custom buckets were reconciled during ${during}`,
  incompatibleTypes: (left: string, op: string, right: string) =>
    `incompatible sample types encountered for binary operator ${JSON.stringify(op)}: ${left} ${op} ${right}`,
  incompatibleLayouts: (op: string) => `incompatible bucket layout encountered for binary operator ${op}`,
  nanResult: (name: string) => `input to histogram_quantile has NaN observations, result is NaN${forMetric(name)}`,
  nanSkew: (name: string) =>
    `input to histogram_quantile has NaN observations, result is skewed higher${forMetric(name)}`,
  nanFraction: (name: string) =>
    `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(name)}`,
} as const;
