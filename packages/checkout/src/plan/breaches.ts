// When too many checkouts fail: the decision behind CheckoutSuccessRateLow and CheckoutErrorRateHigh, as recorded series.
//
//   checkout:breach:success_ratio   the success rate of all checkouts while it is too low, else absent
//   checkout:breach:error_ratio     the error rate of every slice that breaches and stands out, else absent
//   checkout:breach:…:held          the same, also between the returns of a fault that comes and goes: what alerts read
//   checkout:breach:active          1 while anything breaches, or did a moment ago, and 0 otherwise

import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { anyOf, CONVINCING, number } from './expressions.ts';
import type { PlannedRecording } from './planned-rule.ts';
import type { Windows } from './windows.ts';

/** A share of all checkouts that is broken beyond doubt, however short. */
const SEVERE = 0.3;

/** A slice is named when it fails this many times as often as the whole, and not by chance. */
const CLEARLY_WORSE = 1.3;

/** The series that names the step in which nearly all failures of a slice are; the window is appended. */
export const MAIN_STEP = 'checkout:main_step:increase';

type BreachedRatio = 'success_ratio' | 'error_ratio';

/** The recorded decisions. They read the counts of every window, and are read by the alerts. */
export function breachRules(config: TillwatchConfig, windows: Windows): PlannedRecording[] {
  const { objectives } = config;
  const { unit, pair, long, widest } = windows;
  const success = breaches(
    config,
    windows,
    1 - objectives.successRate,
    (window) => `checkout:success_ratio:${window}{slice="all"}`,
  );
  const errors = breaches(config, windows, objectives.errorRate, (window) => `checkout:error_ratio:${window}`);
  return [
    record('checkout:breach:success_ratio', anyOf(...success)),
    record(
      'checkout:breach:error_ratio',
      anyOf(...errors.map((breach, i) => `${breach}\nand ${suspects([unit, pair, long, widest][i] as string)}`)),
    ),
    record(
      'checkout:breach:active',
      // A gap that is no longer than alerts are kept firing is none.
      `group(count_over_time(checkout:breach:error_ratio[${pair}]))\nor on () sum(checkout:finished:increase${unit}{slice="all"}) * 0`,
    ),
    held('success_ratio', 1 - objectives.successRate, config, windows),
    held('error_ratio', objectives.errorRate, config, windows),
  ];
}

/** What breaches, or came back within thirty units and is not over in the long window yet: such a fault is one incident. */
function held(
  what: BreachedRatio,
  above: number,
  { objectives }: TillwatchConfig,
  { long, returning }: Windows,
): PlannedRecording {
  const breach = `checkout:breach:${what}`;
  const slices = what === 'success_ratio' ? '{slice="all"}' : '';
  const lingering = [
    `checkout:${what}:${long}${slices}`,
    `and checkout:error_ratio:${long} > ${number(above)}`,
    `and checkout:failed:increase${long} >= ${objectives.minimumFailures}`,
    `and max_over_time(${breach}[${long}])`,
    // Broke, healed and broke again.
    `and on () changes(checkout:breach:active[${returning}]) >= 3`,
  ].join('\n');
  return record(heldBreach(what), anyOf(breach, lingering));
}

/** The series that the alert about a ratio reads. */
export function heldBreach(what: BreachedRatio): string {
  return `checkout:breach:${what}:held`;
}

/** The breach with the step (and provider, for a payment method) in which nearly all of the slice's failures are. */
export function withMainStep(breach: string, { long }: Windows): string {
  const step = `${MAIN_STEP}${long}`;
  const others = 'slice, provider, region, channel, version, instance';
  return [
    `${breach} * on (slice, method) group_left (provider, step) ${step}{slice="method"}`,
    `or ${breach} * on (${others}) group_left (step) ${step}{slice!="method"}`,
    `or (${breach} unless on (slice, method) ${step}{slice="method"} unless on (${others}) ${step}{slice!="method"})`,
  ].join('\n');
}

/**
 * Failures above a share, one expression per window: at once when a third of all checkouts fail; over two units when the
 * failures outlast a hiccup; over longer windows for shops with fewer orders, while it still goes on.
 */
function breaches(
  config: TillwatchConfig,
  { unit, pair, long, widest, units }: Windows,
  above: number,
  value: (window: string) => string,
): string[] {
  const { minimumEvents, minimumFailures } = config.objectives;
  const judged = (window: string, failures: number) => [
    value(window),
    `and checkout:error_ratio:${window} > ${number(above)}`,
    `and checkout:failed:increase${window} >= ${failures}`,
    `and checkout:finished:increase${window} >= ${minimumEvents}`,
    `and checkout:error_evidence:${window} > ${CONVINCING}`,
  ];
  // Long windows remember what is over: the latest checkouts must fail too, and not just one of them by chance. Where hardly
  // any finish that cannot be asked, only whether there was a failure lately; but a slice that had more a moment ago is gone,
  // like a version that was rolled back.
  const few = (within: string, wider: string, ratio: number) =>
    `checkout:finished:increase${within}{slice!="all"} < ${minimumEvents} and checkout:finished:increase${wider} < ${minimumEvents * ratio}`;
  const lately = `checkout:failed:increase${long} >= 1`;
  const quietWithin = {
    [pair]: {
      all: `checkout:finished:increase${pair}{slice="all"} < ${minimumEvents}`,
      one: few(pair, long, units.long / units.pair),
    },
    [long]: {
      all: `checkout:finished:increase${long}{slice="all"} < ${minimumEvents} and ${lately}`,
      one: `${few(long, widest, units.widest / units.long)} and ${lately}`,
    },
  };
  const goesOn = (within: string, of: string) =>
    [
      `and (${quietWithin[within]?.all}`,
      `  or ${quietWithin[within]?.one}`,
      `  or checkout:error_ratio:${within} > ${number(above)} and checkout:error_ratio:${within} > 0.4 * checkout:error_ratio:${of} and checkout:error_evidence:${within} > ${within === pair ? 1 : 2})`,
    ].join('\n');
  const steady = (window: string, shareLeft: number) => [
    `and checkout:steady_failed:increase${window} >= ${Math.max(2, minimumFailures - 1)}`,
    `and checkout:steady_failed:increase${window} / checkout:finished:increase${window} > ${number(above * shareLeft)}`,
  ];
  return [
    [
      ...judged(unit, Math.max(5, minimumFailures)),
      `and on () checkout:error_ratio:${unit}{slice="all"} >= ${number(Math.max(SEVERE, above))}`,
    ],
    [...judged(pair, minimumFailures), ...steady(pair, 0.5)],
    [...judged(long, minimumFailures), ...steady(long, 0.9), goesOn(pair, long)],
    [...judged(widest, minimumFailures), ...steady(widest, 1), goesOn(pair, widest), goesOn(long, widest)],
  ].map((lines) => lines.join('\n'));
}

/** The whole checkout, and those slices that fail much more than the whole or hold nearly all of the failures. */
function suspects(window: string): string {
  const ratio = `checkout:error_ratio:${window}`;
  const failed = `checkout:failed:increase${window}`;
  return [
    `(${ratio}{slice="all"}`,
    `or (${ratio}{slice!~"all|step"} > on () group_left () (${CLEARLY_WORSE} * ${ratio}{slice="all"}) and checkout:slice_evidence:${window} > ${CONVINCING / 2})`,
    `or (${failed}{slice="step"} > on () group_left () (0.75 * ${failed}{slice="all"})))`,
  ].join('\n  ');
}

function record(name: string, expr: string): PlannedRecording {
  return { kind: 'recording', record: name, expr, labels: {} };
}
