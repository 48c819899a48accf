// The PromQL idioms that the rules are made of.

import type { TillwatchConfig } from '../settings/tillwatch-config.ts';

/** Evidence, in nats, that wakes somebody: a healthy shop reaches it by chance in one of e^12 = 160,000 looks. */
export const CONVINCING = 12;

/**
 * The increase of counters over a window, with what `increase` cannot see: a series that was born inside the window (the
 * first failure of a new kind) counts from zero, provided that its target had been scraped before, so that it is certain
 * that the series was not there.
 */
export function counted(metric: string, window: string): string {
  return `(${metric} unless ${metric} offset ${window}) and on (job, instance) (up offset ${window} == 1) or increase(${metric}[${window}])`;
}

/**
 * What `of` makes of the money of successful orders, summed in the shop's currency: other currencies are converted by
 * `shop.rates`, and those without a rate are left out, since no sum of theirs means anything.
 */
export function orderMoney(
  { currency: own, rates }: Pick<TillwatchConfig['shop'], 'currency' | 'rates'>,
  of: (selector: string) => string,
): string {
  const sold = (currency: string) => of(`checkout_order_value_total{outcome=~"|success",currency${currency}}`);
  const others = Object.entries(rates).map(
    ([currency, rate]) => ` or ${number(rate)} * ${sold(`=${quoted(currency)}`)}`,
  );
  return `sum(${sold(`=~${quoted(`|${own}`)}`)}${others.join('')})`;
}

/** `up` of the shop's own targets: whoever else is scraped says nothing about the shop. */
export function shopUp({ targets }: Pick<TillwatchConfig, 'targets'>): string {
  return `up{job=~${quoted(alternatives([...new Set(targets.map(({ job }) => job))]))}}`;
}

/**
 * The mean of a figure over the past, from when it was watched for a whole window: in the first moments of a watch less is
 * counted than happened.
 */
export function settledMean(figure: string, unit: string, past: string, shift = ''): string {
  return `avg_over_time((${figure} and on () max(up offset ${unit}))[${past}:${unit}]${shift})`;
}

/**
 * How much `failed` of `total` speaks against the share `p0`, in nats: the likelihood ratio between what was seen and `p0`.
 * By Chernoff's bound a healthy shop exceeds h nats with a probability below e^-h, for small counts too.
 */
export function evidenceAbove(failed: string, total: string, p0: number): string {
  const ratio = `${failed} / (${total} > 0)`;
  return [
    `${failed} * ln(clamp_min(${ratio}, 1e-9) / ${number(p0)})`,
    `+ (${total} - ${failed}) * ln(clamp_min(1 - ${ratio}, 1e-9) / ${number(1 - p0)})`,
  ].join('\n');
}

/** How much `seen` speaks against the expected count `expected` by being too small, in nats (Poisson). */
export function evidenceBelow(seen: string, expected: string): string {
  return `${seen} * ln(clamp_min(${seen}, 1e-9) / ${expected}) - ${seen} + ${expected}`;
}

/**
 * How much `seen` speaks against `expected` by being too small, in nats, where `expected` follows from another count: both
 * vary by chance, so what counts is how the two share their sum (binomial).
 */
export function evidenceOfLess(seen: string, expected: string, reference: string): string {
  return [
    `${seen} * ln(clamp_min(${seen}, 1e-9) * (${reference} + ${expected}) / (${expected} * (${seen} + ${reference})))`,
    `+ ${reference} * ln((${reference} + ${expected}) / (${seen} + ${reference}))`,
  ].join('\n');
}

/** Any of several expressions, the first that gives a series wins. */
export function anyOf(...expressions: readonly string[]): string {
  return expressions.length === 1
    ? (expressions[0] as string)
    : expressions.map((one) => `(\n${one}\n)`).join('\nor\n');
}

/** A number in PromQL without digits that come from binary fractions: 0.05, not 0.050000000000000044. */
export function number(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** A text in PromQL's double quotes. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** `a|b|c` for a matcher, with what is special in RE2 taken literally. */
export function alternatives(values: readonly string[]): string {
  return values.map((value) => value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')).join('|');
}
