/** `ok`: the last evaluation went well. `err`: it failed, see `lastError`. `unknown`: there was none yet. */
export type RuleHealth = 'ok' | 'err' | 'unknown';

/** One active alert of a rule. */
export interface AlertStatus {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
  readonly activeAtMs: number;
  /** Since when only `keep_firing_for` holds it. */
  readonly keepFiringSinceMs: number | undefined;
  readonly value: number;
}

interface CommonStatus {
  readonly name: string;
  /** The expression in Prometheus's canonical form. */
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly health: RuleHealth;
  /** What went wrong in the last evaluation, with its place; '' when nothing did. */
  readonly lastError: string;
  readonly evaluationMs: number;
  readonly lastEvaluationMs: number | undefined;
}

/** A rule as `/api/v1/rules` shows it. */
export type RuleStatus =
  | (CommonStatus & { readonly type: 'recording' })
  | (CommonStatus & {
      readonly type: 'alerting';
      readonly state: 'inactive' | 'pending' | 'firing';
      readonly forMs: number;
      readonly keepFiringForMs: number;
      readonly annotations: Readonly<Record<string, string>>;
      readonly alerts: readonly AlertStatus[];
    });

/** A rule group as `/api/v1/rules` shows it, and how it keeps its time. */
export interface RuleGroupStatus {
  readonly name: string;
  readonly file: string;
  readonly intervalMs: number;
  readonly limit: number;
  readonly rules: readonly RuleStatus[];
  /** How long the last evaluation took. */
  readonly evaluationMs: number;
  readonly lastEvaluationMs: number | undefined;
  readonly evaluations: number;
  /** Evaluations left out because the ones before took too long. */
  readonly missedIterations: number;
  /** Evaluations of single rules that failed. */
  readonly failures: number;
}
