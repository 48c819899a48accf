import { type FunctionSet, fn } from './function.ts';
import { formatFloat } from './go-number.ts';
import { floorDiv, formatLayout, type Moment } from './time-layout.ts';
import { HostObject } from './value.ts';

/** A moment as Go's `time.Time`: nanoseconds since 1970, and the zone that it is shown in. */
export class GoTime extends HostObject implements Moment {
  readonly unixNano: bigint;
  readonly zone: string;

  constructor(unixNano: bigint, zone = 'UTC') {
    const moment: Moment = { unixNano, zone };
    super('time.Time', {
      methods: timeMethods(moment),
      text: () => formatLayout(moment, '2006-01-02 15:04:05.999999999 -0700 MST'),
      json: () => formatLayout(moment, '2006-01-02T15:04:05.999999999Z07:00'),
    });
    this.unixNano = unixNano;
    this.zone = zone;
  }

  static fromMs(ms: number): GoTime {
    return new GoTime(BigInt(Math.round(ms * 1000)) * 1000n);
  }

  /** From RFC 3339 text. @throws {Error} for anything else. */
  static parse(text: string): GoTime {
    const match = /^(.*:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
    const ms = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`);
    if (Number.isNaN(ms)) throw new Error(`cannot parse ${JSON.stringify(text)} as a time`);
    return new GoTime(BigInt(ms) * 1_000_000n + BigInt((match?.[2] ?? '').padEnd(9, '0')));
  }
}

/** A length of time as Go's `time.Duration`. */
export class GoDuration extends HostObject {
  readonly nano: bigint;

  constructor(nano: bigint) {
    super('time.Duration', { integer: nano, methods: durationMethods(nano), text: () => formatGoDuration(nano) });
    this.nano = nano;
  }
}

/** The zero time of Go: what a time field holds that was never set. */
export const ZERO_TIME_NANO = -62_135_596_800_000_000_000n;

const SECOND = 1_000_000_000n;

/** Seconds as nanoseconds. @throws {Error} when they do not fit into Go's 64 bits. */
export function secondsToNano(seconds: number, what: 'timestamp' | 'duration'): bigint {
  if (!Number.isFinite(seconds) || Math.abs(seconds) * 1e9 >= 2 ** 63) {
    const shown = formatFloat(seconds, 'g', -1);
    throw new Error(`${shown} cannot be represented as a nanoseconds ${what} since it overflows int64`);
  }
  const nano = BigInt(Math.trunc(seconds * 1e9));
  // Prometheus keeps timestamps in milliseconds.
  return what === 'timestamp' ? nano - (nano % 1_000_000n) : nano;
}

/** Go's print form: `1h30m0s`, `1.5s`, `100ms`. */
export function formatGoDuration(nano: bigint): string {
  if (nano === 0n) return '0s';
  const sign = nano < 0n ? '-' : '';
  const size = nano < 0n ? -nano : nano;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${withFraction(size, 3)}µs`;
  if (size < SECOND) return `${sign}${withFraction(size, 6)}ms`;
  const minutes = size / (60n * SECOND);
  const seconds = `${withFraction(size % (60n * SECOND), 9)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function withFraction(value: bigint, places: number): string {
  const text = String(value).padStart(places + 1, '0');
  const fraction = text.slice(-places).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -places) : `${text.slice(0, -places)}.${fraction}`;
}

function timeMethods(moment: Moment): FunctionSet {
  const { unixNano, zone } = moment;
  const number = (layout: string) => fn([], () => BigInt(formatLayout(moment, layout)));
  return {
    Format: fn(['string'], (layout) => formatLayout(moment, layout)),
    String: fn([], () => formatLayout(moment, '2006-01-02 15:04:05.999999999 -0700 MST')),
    Unix: fn([], () => floorDiv(unixNano, SECOND)),
    UnixMilli: fn([], () => floorDiv(unixNano, 1_000_000n)),
    UnixNano: fn([], () => unixNano),
    Add: fn(['duration'], (by) => new GoTime(unixNano + by.nano, zone)),
    Sub: fn(['time'], (other) => new GoDuration(unixNano - other.unixNano)),
    Before: fn(['time'], (other) => unixNano < other.unixNano),
    After: fn(['time'], (other) => unixNano > other.unixNano),
    Equal: fn(['time'], (other) => unixNano === other.unixNano),
    IsZero: fn([], () => unixNano === ZERO_TIME_NANO),
    UTC: fn([], () => new GoTime(unixNano)),
    Local: fn([], () => new GoTime(unixNano, zone)),
    Year: number('2006'),
    Month: fn([], () => formatLayout(moment, 'January')),
    Day: number('2'),
    Hour: number('15'),
    Minute: number('4'),
    Second: number('5'),
    Weekday: fn([], () => formatLayout(moment, 'Monday')),
    YearDay: number('002'),
  };
}

function durationMethods(nano: bigint): FunctionSet {
  const inUnit = (unit: bigint) => fn([], () => Number(nano) / Number(unit));
  const toMultiple = (round: boolean) =>
    fn(['duration'], ({ nano: step }) => {
      if (step <= 0n) return new GoDuration(nano);
      const rest = nano % step;
      const base = nano - rest;
      const away = round && 2n * (rest < 0n ? -rest : rest) >= step;
      return new GoDuration(away ? base + (nano < 0n ? -step : step) : base);
    });
  return {
    String: fn([], () => formatGoDuration(nano)),
    Seconds: inUnit(SECOND),
    Minutes: inUnit(60n * SECOND),
    Hours: inUnit(3600n * SECOND),
    Milliseconds: fn([], () => nano / 1_000_000n),
    Abs: fn([], () => new GoDuration(nano < 0n ? -nano : nano)),
    Round: toMultiple(true),
    Truncate: toMultiple(false),
  };
}
