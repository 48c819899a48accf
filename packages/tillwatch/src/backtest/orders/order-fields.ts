import { closest } from '@tillwatch/model';
import type { OrderOutcome } from './order.ts';

/** What shops and payment providers call the state of an order, reduced to small letters and blanks. */
const STATUS_WORDS: Readonly<Record<OrderOutcome, string>> = {
  success:
    'success,successful,succeeded,paid,complete,completed,captured,authorized,authorised,uncaptured,refunded,partially refunded,partial refund,partially paid,approved,fulfilled,shipped,delivered,settled,processing,disputed,dispute won,dispute lost,closed,ok,true,yes',
  failure:
    'failure,failed,error,declined,refused,rejected,blocked,payment failed,requires payment method,requires action,requires source,requires source action,denied,timeout,timed out,false,no',
  abandoned:
    'abandoned,canceled,cancelled,expired,incomplete,incomplete expired,voided,requires confirmation,checkout draft',
  pending: 'pending,open,created,new,on hold,pending payment,draft,early fraud warning',
};

const OUTCOME_OF = new Map(
  (Object.keys(STATUS_WORDS) as OrderOutcome[]).flatMap((outcome) =>
    STATUS_WORDS[outcome].split(',').map((word) => [word, outcome] as const),
  ),
);

/** The same word for `Requires Payment Method` and `requires_payment_method`. */
export function statusWord(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s-]+/g, ' ');
}

/** How an order of this status ended; `undefined` for a word that is not known. `own` words win. */
export function outcomeOf(status: string, own: ReadonlyMap<string, OrderOutcome>): OrderOutcome | undefined {
  const word = statusWord(status);
  return own.get(word) ?? OUTCOME_OF.get(word);
}

/** What may have been meant by an unknown status. */
export function statusHint(status: string): string {
  const meant = closest(statusWord(status), OUTCOME_OF.keys());
  const guess = meant === undefined ? '' : `did you mean ${JSON.stringify(meant)}? Otherwise `;
  return `${guess}say what it is: --status ${JSON.stringify(`${status}=success`)} (or failure, abandoned, pending)`;
}

/** Reads an amount in major units, with a point or a comma before the cents; `undefined` for what is none. */
export function readAmount(text: string): number | undefined {
  const bare = text.replaceAll(/[\s\u00a0'’]|[A-Z]{3}|\p{Sc}/gu, '');
  if (!/^-?[\d.,]+$/.test(bare) || !/\d/.test(bare)) return undefined;
  const comma = bare.lastIndexOf(',');
  const point = bare.lastIndexOf('.');
  const isCommaThousands = point > comma || (point === -1 && /^-?\d{1,3}(,\d{3})+$/.test(bare));
  const normal = isCommaThousands ? bare.replaceAll(',', '') : bare.replaceAll('.', '').replace(',', '.');
  const amount = Number(comma === -1 ? bare : normal);
  return Number.isFinite(amount) ? amount : undefined;
}

/** Reads an ISO 4217 code in any spelling of its letters; `undefined` for what is none. */
export function readCurrency(text: string): string | undefined {
  const code = text.trim().toUpperCase();
  return /^[A-Z]{3}$/.test(code) ? code : undefined;
}

const LOCAL_TIME =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;

/** Reads moments as shops export them. */
export class TimeReader {
  readonly #zone: string;
  readonly #format: Intl.DateTimeFormat;
  /** The distance from UTC by the hour: asking for it is slow, and orders of one hour come together. */
  readonly #offsets = new Map<number, number>();

  /** @throws {RangeError} when `timezone`, in which times without one are, is no IANA name */
  constructor(timezone: string) {
    this.#zone = timezone;
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /**
   * Reads seconds or milliseconds since the epoch, or a date with a time of day, with or without a time zone. `undefined` for
   * anything else: a date alone says nothing about the minute, and 03/04/2026 is two days.
   */
  read(text: string): number | undefined {
    const bare = text.trim();
    if (/^\d{9,13}(\.\d+)?$/.test(bare)) return Number(bare) < 1e11 ? Number(bare) * 1_000 : Number(bare);
    const match = LOCAL_TIME.exec(bare);
    if (match === null) return undefined;
    const [, year, month, day, hour, minute, second = '0', fraction = '0', zone] = match;
    const utcMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    // Date.UTC carries the 31st of April over into May.
    if (new Date(utcMs).getUTCDate() !== Number(day) || Number(month) > 12 || Number(hour) > 23) return undefined;
    const ms = utcMs + Math.floor(Number(`0.${fraction}`) * 1_000);
    if (zone === undefined) return this.#zone === 'UTC' ? ms : this.#fromLocal(ms);
    return /[+-]/.test(zone) ? ms - offsetMs(zone) : ms;
  }

  #fromLocal(localMs: number): number {
    // The offset that was guessed from the local time is wrong only within hours of a change of clocks: once more.
    const guessMs = localMs - this.#offsetAt(localMs);
    return localMs - this.#offsetAt(guessMs);
  }

  #offsetAt(atMs: number): number {
    const hourMs = Math.floor(atMs / 3_600_000) * 3_600_000;
    let offset = this.#offsets.get(hourMs);
    if (offset === undefined) {
      const part = Object.fromEntries(
        this.#format.formatToParts(hourMs).map(({ type, value }) => [type, Number(value)]),
      );
      offset = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second) - hourMs;
      this.#offsets.set(hourMs, offset);
    }
    return offset;
  }
}

function offsetMs(zone: string): number {
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.replaceAll(/\D/g, '');
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
}
