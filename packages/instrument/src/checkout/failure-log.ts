import type { FailureClass } from '../classify/classification.ts';
import type { KnownFailure } from './failure-reader.ts';

/** One failed attempt. Holds code words and amounts only: no message of an error, no name, no address, no card. */
export interface FailureLine {
  readonly attempt_id: string;
  readonly step?: string;
  readonly provider?: string;
  readonly method?: string;
  readonly reason: string;
  readonly class: FailureClass;
  readonly channel?: string;
  readonly region?: string;
  readonly version?: string;
  /** Value of the order in major units of `currency`: what was at stake. */
  readonly amount?: number;
  readonly currency: string;
  /** From the start of the attempt to its failure. */
  readonly duration_ms: number;
  /** 32 lower case hexadecimal digits. */
  readonly trace_id?: string;
}

/** The part of a pino logger that is used. */
export interface PinoLike {
  info(fields: FailureLine, message: string): void;
  warn(fields: FailureLine, message: string): void;
}

/** What a function gets: the line as an object ready for `JSON.stringify`. */
export interface FailureRecord extends FailureLine {
  readonly level: 'info' | 'warn';
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly msg: 'checkout failed';
}

/**
 * Where failure lines go: a pino logger (or one like it), or a function that takes the record. Technical failures are
 * `warn`, all others `info`. A log that throws is counted in `instrument_errors_total{kind="log"}` and nothing else happens.
 */
export type FailureLog = PinoLike | ((record: FailureRecord) => void);

const MESSAGE = 'checkout failed';

/** Writes one line. */
export function writeFailure(log: FailureLog, line: FailureLine): void {
  const level = line.class === 'technical' ? 'warn' : 'info';
  if (typeof log === 'function') {
    log({ level, time: new Date().toISOString(), msg: MESSAGE, ...line });
  } else if (level === 'warn') {
    log.warn(line, MESSAGE);
  } else {
    log.info(line, MESSAGE);
  }
}

/** The line of a failed attempt. All labels are admitted ones; the empty ones are left out. */
export function failureLine(about: {
  readonly attemptId: string;
  readonly failure: KnownFailure;
  readonly lane: { readonly channel: string; readonly region: string; readonly version: string };
  readonly amount: number;
  readonly currency: string;
  readonly durationMs: number;
  readonly traceId: string | undefined;
}): FailureLine {
  const { step, provider, method, reason } = about.failure;
  const { channel, region, version } = about.lane;
  return {
    attempt_id: about.attemptId,
    ...present({ step, provider, method }),
    reason,
    class: about.failure.class,
    ...present({ channel, region, version }),
    amount: about.amount,
    currency: about.currency,
    duration_ms: Math.round(about.durationMs),
    ...(about.traceId === undefined ? {} : { trace_id: about.traceId }),
  };
}

function present<K extends string>(fields: Readonly<Record<K, string>>): Partial<Record<K, string>> {
  const kept = Object.entries(fields).filter(([, value]) => value !== '');
  return Object.fromEntries(kept) as Partial<Record<K, string>>;
}
