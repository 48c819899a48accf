import { type Alert, alertName } from '@tillwatch/model';
import type { AlertName } from '../plan/alert-catalogue.ts';

/** What sort of trouble it is: decides what is measured and in which words it is told. */
export type IncidentKind =
  | 'failures'
  | 'orders-drop'
  | 'attempts-stopped'
  | 'silent'
  | 'shop-down'
  | 'slow'
  | 'database'
  | 'server-errors'
  | 'payment-without-order'
  | 'declines'
  | 'trickle'
  | 'instance-down'
  | 'watch';

/** From what explains most to what explains least: the first that is among the alerts is what the message is about. */
const KINDS: readonly (readonly [AlertName, IncidentKind])[] = [
  ['CheckoutTargetDown', 'shop-down'],
  ['CheckoutAttemptsStopped', 'attempts-stopped'],
  ['CheckoutSilent', 'silent'],
  ['CheckoutSuccessRateLow', 'failures'],
  ['CheckoutErrorRateHigh', 'failures'],
  ['CheckoutSuccessfulOrdersDrop', 'orders-drop'],
  ['CheckoutPaymentWithoutOrder', 'payment-without-order'],
  ['CheckoutLatencyHigh', 'slow'],
  ['DatabasePoolExhausted', 'database'],
  ['DatabaseSlow', 'database'],
  ['HttpServerErrors', 'server-errors'],
  ['CheckoutFailureTrickle', 'trickle'],
  ['CheckoutDeclinesHigh', 'declines'],
  ['CheckoutMetricsMissing', 'watch'],
  ['CheckoutMetricGone', 'watch'],
  ['CheckoutInstanceDown', 'instance-down'],
  ['CheckoutCounterFell', 'watch'],
  ['CheckoutScrapeTooLarge', 'watch'],
  ['CheckoutScrapeSlow', 'watch'],
  ['TillwatchRuleFailures', 'watch'],
  ['TillwatchStoreTrouble', 'watch'],
  ['TillwatchSeriesDropped', 'watch'],
  ['TillwatchNotificationFailures', 'watch'],
];

/** The kind of the weightiest alert, and that alert; `undefined` when none of them is Tillwatch's own. */
export function weightiest(alerts: readonly Alert[]): { kind: IncidentKind; alert: Alert } | undefined {
  for (const [name, kind] of KINDS) {
    const alert = alerts.find((one) => alertName(one) === name);
    if (alert !== undefined) return { kind, alert };
  }
  return undefined;
}

/** What sort of trouble an alert of this name tells of; `undefined` when it is not Tillwatch's own. */
export function incidentKind(name: string): IncidentKind | undefined {
  return KINDS.find(([alert]) => alert === name)?.[1];
}

/** Kinds in which what customers do says nothing about demand, because they are not seen. */
export function isUnseen(kind: IncidentKind): boolean {
  return kind === 'silent' || kind === 'shop-down';
}

/** Kinds in which customers get as far as failing, so that the shop's log tells something about them. */
export function leavesFailures(kind: IncidentKind): boolean {
  return !isUnseen(kind) && kind !== 'attempts-stopped' && kind !== 'declines' && kind !== 'watch';
}
