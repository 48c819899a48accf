/** Numbers, money and times in the shop's language, currency and zone. `null` is a dash: nothing was measured. */
export interface Formats {
  percent(share: number | null): string;
  count(value: number | null): string;
  perMinute(value: number | null): string;
  seconds(value: number | null): string;
  money(value: number | null, whole?: boolean): string;
  /** An amount in whole units of another currency than the shop's (ISO 4217; what is none is written as it is). */
  moneyIn(currency: string, value: number): string;
  time(ms: number): string;
  dateTime(ms: number): string;
  /** A mark on a time axis whose marks are `stepMs` apart: the time of day, to the second where it takes that, or the day. */
  tick(ms: number, stepMs: number): string;
  /** IANA name. */
  readonly timeZone: string;
  /** `12 s`, `5 min`, `2 h 10 min`. */
  duration(ms: number): string;
}

const NOTHING = '–';

export function createFormats(shop: { language: string; currency: string; timezone: string }): Formats {
  const { language, timezone: timeZone } = shop;
  const currency = shop.currency === '' ? 'EUR' : shop.currency;
  const percent = new Intl.NumberFormat(language, {
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
  const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  const fine = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
  const money = new Intl.NumberFormat(language, { style: 'currency', currency, maximumFractionDigits: 0 });
  const smallMoney = new Intl.NumberFormat(language, { style: 'currency', currency });
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium', timeZone });
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short', timeZone });
  const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  const or = (value: number | null, write: (value: number) => string) =>
    value === null || !Number.isFinite(value) ? NOTHING : write(value);
  return {
    percent: (share) => or(share, (v) => percent.format(v)),
    count: (value) => or(value, (v) => whole.format(v)),
    perMinute: (value) => or(value, (v) => (v >= 100 ? whole : short).format(v)),
    seconds: (value) => or(value, (v) => (v < 1 ? `${whole.format(v * 1000)} ms` : `${fine.format(v)} s`)),
    money: (value, wholeUnits = false) =>
      or(value, (v) => (wholeUnits || Math.abs(v) >= 100 ? money : smallMoney).format(v)),
    moneyIn: (other, value) => moneyIn(language, other, value),
    time: (ms) => time.format(ms),
    dateTime: (ms) => dateTime.format(ms),
    tick: (ms, stepMs) => (stepMs < 60_000 ? time : stepMs < 86_400_000 ? clock : day).format(ms),
    timeZone,
    duration: formatAge,
  };
}

function moneyIn(language: string, currency: string, value: number): string {
  const whole = { maximumFractionDigits: 0 } as const;
  // The label of a series can say anything, and Intl takes three letters only.
  return /^[A-Za-z]{3}$/.test(currency)
    ? new Intl.NumberFormat(language, { style: 'currency', currency, ...whole }).format(value)
    : `${new Intl.NumberFormat(language, whole).format(value)} ${currency}`;
}

/** A span of time in its two largest units. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The change from before to now, in words: `+0.4`, `−12.0`; for shares in percentage points. '' when there is none to tell. */
export function formatDelta(
  now: number | null,
  before: number | null,
  kind: 'share' | 'ratio',
  language: string,
): string {
  if (now === null || before === null) return '';
  if (kind === 'ratio' && before === 0) return '';
  const change = kind === 'share' ? (now - before) * 100 : ((now - before) / before) * 100;
  if (Math.abs(change) < 0.05) return '±0';
  const text = new Intl.NumberFormat(language, {
    maximumFractionDigits: Math.abs(change) < 10 ? 1 : 0,
    signDisplay: 'always',
  }).format(change);
  return kind === 'share' ? `${text} pp` : `${text} %`;
}
