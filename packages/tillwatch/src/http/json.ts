import type { Labels } from '@tillwatch/model';

/**
 * A sample value as Prometheus's HTTP API writes it: the shortest decimal that reads back the same, with an exponent of at
 * least two digits below 1e-6 and from 1e21 on; `NaN`, `+Inf`, `-Inf`.
 */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt === -1) return text;
  const mantissa = text.slice(0, exponentAt);
  const exponent = Number(text.slice(exponentAt + 1));
  // JavaScript changes to an exponent at the same sizes as Go's encoder does; only the digits of the exponent differ.
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** A timestamp in seconds with three decimals when the milliseconds are not 0. */
export function formatTimestamp(timestampMs: number): string {
  const sign = timestampMs < 0 ? '-' : '';
  if (Number.isSafeInteger(timestampMs)) {
    const rest = Math.abs(timestampMs) % 1000;
    const whole = (Math.abs(timestampMs) - rest) / 1000;
    return rest === 0 ? `${sign}${whole}` : `${sign}${whole}.${String(rest).padStart(3, '0')}`;
  }
  // Integers beyond 2^53 keep their digits as a BigInt.
  const absolute = BigInt(Math.abs(Math.round(timestampMs)));
  const ms = absolute % 1000n;
  const seconds = absolute / 1000n;
  return ms === 0n ? `${sign}${seconds}` : `${sign}${seconds}.${String(ms).padStart(3, '0')}`;
}

/** A `[time, "value"]` pair. */
export function formatPoint(timestampMs: number, value: number): string {
  return `[${formatTimestamp(timestampMs)},"${formatValue(value)}"]`;
}

/** Labels as a JSON object in label order. */
export function formatLabels(labels: Labels): string {
  return JSON.stringify(labels.toRecord());
}
