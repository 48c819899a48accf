import type { Severity } from '../settings/tillwatch-config.ts';
import type { Area } from './area.ts';

export interface PlannedRecording {
  readonly kind: 'recording';
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlannedAlert {
  readonly kind: 'alerting';
  readonly alert: string;
  readonly expr: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly severity: Severity;
  readonly area: Area;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface PlannedGroup {
  readonly name: string;
  /** The evaluation interval of the whole where it is not given. */
  readonly intervalMs?: number;
  readonly rules: readonly (PlannedRecording | PlannedAlert)[];
}
