import type { Estimate } from '../impact/estimate-loss.ts';

/** Writes numbers, money and times as readers of one language and time zone expect them. */
export class Numbers {
  readonly #language: string;
  readonly #currency: string;
  readonly #timezone: string;

  constructor(language: string, currency: string, timezone: string) {
    this.#language = language;
    this.#currency = currency;
    this.#timezone = timezone;
  }

  /** `62.4%`; whole percents below a tenth of one would hide nothing. */
  percent(share: number): string {
    return this.#format(share, { style: 'percent', maximumFractionDigits: share > 0.9 && share < 1 ? 1 : 0 });
  }

  count(value: number): string {
    return this.#format(Math.round(value), { maximumFractionDigits: 0 });
  }

  /** Two digits that mean something: for estimates and rates. */
  rough(value: number): string {
    return this.#format(value, { maximumSignificantDigits: value >= 100 ? 3 : 2 });
  }

  /** An estimate of money, without digits that nobody can know; in the shop's currency when none is given. */
  money(value: number, currency = this.#currency): string {
    const digits = value >= 1_000 ? 3 : 2;
    const rounded = value <= 0 ? 0 : Number(value.toPrecision(digits));
    return this.#format(Math.round(rounded), {
      style: 'currency',
      currency,
      maximumFractionDigits: 0,
      minimumFractionDigits: 0,
    });
  }

  moneyRange({ low, high }: Estimate, currency = this.#currency): string {
    return `${this.money(low, currency)} – ${this.money(high, currency)}`;
  }

  /** Money to the last cent, as a customer paid or would have paid it. */
  amount(value: number, currency = this.#currency): string {
    return this.#format(value, { style: 'currency', currency });
  }

  /** `412 MB`. */
  megabytes(bytes: number): string {
    return this.#format(bytes / 1e6, { style: 'unit', unit: 'megabyte', maximumSignificantDigits: 3 });
  }

  /** `a, b and c`. */
  list(items: readonly string[]): string {
    return new Intl.ListFormat(this.#language, { type: 'conjunction' }).format(items);
  }

  countRange({ low, high }: Estimate): string {
    return low === high ? this.count(low) : `${this.count(low)} – ${this.count(high)}`;
  }

  /** `4.3 sec`, and below one second `230 ms`. */
  seconds(value: number): string {
    if (value < 0.9995) {
      const digits = value < 0.01 ? 1 : 2;
      return this.#format(value * 1_000, {
        style: 'unit',
        unit: 'millisecond',
        unitDisplay: 'short',
        maximumSignificantDigits: digits,
      });
    }
    return this.#format(value, { style: 'unit', unit: 'second', unitDisplay: 'short', maximumSignificantDigits: 2 });
  }

  /** `14:05`, with seconds `14:05:09`. */
  clock(atMs: number, precision: 'minute' | 'second' = 'minute'): string {
    return new Intl.DateTimeFormat(this.#language, {
      hour: '2-digit',
      minute: '2-digit',
      ...(precision === 'second' ? { second: '2-digit' } : {}),
      hourCycle: 'h23',
      timeZone: this.#timezone,
    }).format(atMs);
  }

  /** `14 minutes`, `2 hours 5 minutes`; never less than a minute. */
  duration(ms: number): string {
    const minutes = Math.max(1, Math.round(ms / 60_000));
    const hours = Math.floor(minutes / 60);
    const unit = (value: number, name: 'hour' | 'minute') =>
      this.#format(value, { style: 'unit', unit: name, unitDisplay: 'long' });
    if (hours === 0) return unit(minutes, 'minute');
    const rest = minutes % 60;
    return rest === 0 ? unit(hours, 'hour') : `${unit(hours, 'hour')} ${unit(rest, 'minute')}`;
  }

  #format(value: number, options: Intl.NumberFormatOptions): string {
    return new Intl.NumberFormat(this.#language, options).format(value);
  }
}
