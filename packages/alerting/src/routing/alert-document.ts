import { type Alert, Labels } from '@tillwatch/model';

/** An alert as it is kept in the ledger. */
export interface AlertDocument {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly generatorUrl: string;
}

export function toAlertDocument(alert: Alert): AlertDocument {
  return {
    labels: alert.labels.toRecord(),
    annotations: alert.annotations.toRecord(),
    startsAtMs: alert.startsAtMs,
    endsAtMs: alert.endsAtMs,
    generatorUrl: alert.generatorUrl,
  };
}

export function fromAlertDocument(document: AlertDocument): Alert {
  return {
    labels: Labels.of(document.labels),
    annotations: Labels.of(document.annotations),
    startsAtMs: document.startsAtMs,
    endsAtMs: document.endsAtMs,
    generatorUrl: document.generatorUrl,
  };
}
