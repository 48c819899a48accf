import type { Exemplar, Labels } from '@tillwatch/model';

export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** One line of a metrics page. */
export type ExpositionEntry =
  | {
      readonly kind: 'series';
      /** The series as it was written. */
      readonly text: string;
      readonly labels: Labels;
      readonly value: number;
      readonly timestampMs: number | undefined;
      readonly exemplar: Exemplar | undefined;
    }
  | { readonly kind: 'type'; readonly metric: string; readonly type: MetricType }
  | { readonly kind: 'help'; readonly metric: string; readonly help: string }
  | { readonly kind: 'unit'; readonly metric: string; readonly unit: string }
  | { readonly kind: 'comment'; readonly text: string };
