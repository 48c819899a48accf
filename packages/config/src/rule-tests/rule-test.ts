import type { Histogram, Labels, Span } from '@tillwatch/model';
import type { TestSample } from './series-values.ts';

/** A file of tests for rules, in the form of `promtool test rules`. */
export interface RuleTestFile {
  /** Patterns of rule files, relative to the folder of the test file. */
  readonly ruleFiles: readonly Placed[];
  readonly evaluationIntervalMs: number;
  /** Names of groups in the order in which they are evaluated. */
  readonly groupEvalOrder: readonly Placed[];
  /** Numbers are equal when they are neighbours among those that a double can hold. */
  readonly fuzzyCompare: boolean;
  readonly tests: readonly RuleTest[];
}

/** A text and where it stands. */
export interface Placed {
  readonly text: string;
  readonly at: Span;
}

/** Series over time, and what the rules make of them at some moments. */
export interface RuleTest {
  /** `unnamed#N` when it has none. */
  readonly name: string;
  readonly at: Span;
  /** The time between samples of the series. */
  readonly intervalMs: number;
  /** When the test begins, in ms since the epoch. All its times count from there. */
  readonly startMs: number;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly inputSeries: readonly InputSeries[];
  readonly alertChecks: readonly AlertCheck[];
  readonly exprChecks: readonly ExprCheck[];
}

/** A series that is there from the start of the test on, one sample in each interval. */
export interface InputSeries {
  readonly labels: Labels;
  readonly values: readonly TestSample[];
  readonly at: Span;
}

/** Which alerts of a name fire at a moment: exactly these. */
export interface AlertCheck {
  readonly alertname: string;
  /** Since the start of the test. */
  readonly evalTimeMs: number;
  readonly expected: readonly ExpectedAlert[];
  readonly at: Span;
  readonly nameAt: Span;
  readonly timeAt: Span;
}

/** An alert that must fire. `labels` include its name. */
export interface ExpectedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** What an expression gives at a moment: exactly these samples. */
export interface ExprCheck {
  readonly expr: string;
  /** Since the start of the test. */
  readonly evalTimeMs: number;
  readonly expected: readonly ExpectedSample[];
  readonly at: Span;
  readonly timeAt: Span;
}

export interface ExpectedSample {
  readonly labels: Labels;
  readonly value: number;
  /** Where it is there, `value` means nothing. */
  readonly histogram: Histogram | undefined;
}
