import { parseDuration } from '@tillwatch/model';

/** A request that cannot be answered as it is: the parameter and what is wrong with it. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  /** More about it than `message` says, on lines of its own. */
  readonly details: string | undefined;

  constructor(message: string, details?: string) {
    super(message);
    this.details = details;
  }
}

/** What Go's 63 bits hold: times beyond 2^63 µs and durations beyond 2^63 ns are refused, as in Prometheus. */
const MAX_MS = Number(2n ** 63n / 1_000_000n) * 1000;
const MAX_DURATION_SECONDS = Number(2n ** 63n / 1_000_000_000n);

/**
 * Reads a time parameter: Unix seconds (with fraction) or RFC 3339. The answer is in ms.
 * @throws {BadRequest}
 */
export function parseTime(text: string): number {
  if (/^[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    if (Math.abs(ms) > MAX_MS) throw new BadRequest(`cannot parse ${quoted(text)} to a valid timestamp: out of range`);
    return ms;
  }
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:\d{2})$/.test(text)) {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms)) return ms;
  }
  throw new BadRequest(`cannot parse ${quoted(text)} to a valid timestamp`);
}

/**
 * Reads a duration parameter: seconds (with fraction) or a Prometheus duration. The answer is in ms.
 * @throws {BadRequest}
 */
export function parseDurationParameter(text: string): number {
  if (/^[-+]?(\d+(?:\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text)) {
    const seconds = Number(text);
    if (Math.abs(seconds) > MAX_DURATION_SECONDS) {
      throw new BadRequest(`cannot parse ${quoted(text)} to a valid duration. It overflows int64`);
    }
    return seconds * 1000;
  }
  const ms = parseDuration(text);
  if (ms === undefined) throw new BadRequest(`cannot parse ${quoted(text)} to a valid duration`);
  return ms;
}

/** The parameters of a request, from the query string and a form body together (the body first, as in Go's `FormValue`). */
export class Parameters {
  readonly #values: URLSearchParams[];

  constructor(...values: URLSearchParams[]) {
    this.#values = values;
  }

  /** The first value of a parameter, '' when it is not given. */
  get(name: string): string {
    for (const values of this.#values) {
      const value = values.get(name);
      if (value !== null) return value;
    }
    return '';
  }

  all(name: string): string[] {
    return this.#values.flatMap((values) => values.getAll(name));
  }

  /** @throws {BadRequest} */
  time(name: string, fallbackMs?: number): number {
    const text = this.get(name);
    if (fallbackMs === undefined) return this.#read(name, text, parseTime);
    // Prometheus says it twice where a time may be left out.
    return text === '' ? fallbackMs : this.#read(name, text, parseTime, `Invalid time value for '${name}': `);
  }

  /** @throws {BadRequest} */
  duration(name: string, fallbackMs?: number): number {
    const text = this.get(name);
    if (text === '' && fallbackMs !== undefined) return fallbackMs;
    return this.#read(name, text, parseDurationParameter);
  }

  /** A whole number from 0 on; 0 when it is not given, which means "no limit". @throws {BadRequest} */
  limit(name = 'limit'): number {
    const text = this.get(name);
    if (text === '') return 0;
    if (!/^\d{1,9}$/.test(text))
      throw new BadRequest(`invalid parameter ${quoted(name)}: ${quoted(text)} is not a whole number from 0 on`);
    return Number(text);
  }

  /** A whole number, below 0 too; `undefined` when it is not given. @throws {BadRequest} */
  number(name: string): number | undefined {
    const text = this.get(name);
    if (text === '') return undefined;
    if (!/^[-+]?\d{1,15}$/.test(text)) throw new BadRequest(`${name} must be a number`);
    return Number(text);
  }

  /** Yes or no, as Go reads it; `false` when it is not given. @throws {BadRequest} */
  flag(name: string): boolean {
    const text = this.get(name);
    if (text === '' || /^(0|f|false)$/i.test(text)) return false;
    if (/^(1|t|true)$/i.test(text)) return true;
    throw new BadRequest(
      `invalid parameter ${quoted(name)}: error converting ${quoted(name)}: ${quoted(text)} is neither true nor false`,
    );
  }

  #read<T>(name: string, text: string, parse: (text: string) => T, why = ''): T {
    try {
      return parse(text);
    } catch (error) {
      throw new BadRequest(`invalid parameter ${quoted(name)}: ${why}${(error as Error).message}`);
    }
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
