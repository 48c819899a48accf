import { readSeriesLabels, readSeriesValues, type TestSample } from '@tillwatch/config';
import { Labels } from '@tillwatch/model';
import { durationMs } from './duration.ts';

/** How long a stretch of a series lasts. Without `for` it lasts until the end of the test. */
export interface Lasting {
  readonly for?: string;
}

/** How fast a counter counts: one of the three. */
export type Pace = { readonly perSecond: number } | { readonly perMinute: number } | { readonly perHour: number };

/** A series for a test: what it is called, and its samples. Builders are such series. */
export interface TestSeries {
  readonly labels: Labels;
  /** Its samples when it is scraped at this interval, in order and without end: `undefined` is none, `stale` its end. */
  samples(intervalMs: number): IterableIterator<TestSample>;
}

/** One stretch of a series: how it goes on from the value that it has. */
interface Stretch {
  readonly lastsMs: number;
  /** The value at the start of the stretch, from the one at the end of the stretch before. */
  readonly start: (value: number) => number;
  /** By how much the value grows in a second; `undefined` to go on as before. */
  readonly perSecond: number | undefined;
  readonly isSeen: boolean;
  readonly isEnd?: boolean;
}

const FOREVER = Number.POSITIVE_INFINITY;
const same = (value: number) => value;

function lasting({ for: text }: Lasting): number {
  return text === undefined ? FOREVER : durationMs(text, 'for');
}

abstract class Builder implements TestSeries {
  readonly labels: Labels;
  protected readonly stretches: readonly Stretch[];
  protected readonly from: number;

  constructor(labels: Labels, from: number, stretches: readonly Stretch[]) {
    this.labels = labels;
    this.from = from;
    this.stretches = stretches;
  }

  *samples(intervalMs: number): IterableIterator<TestSample> {
    let value = this.from;
    let perSecond = 0;
    let startMs = 0;
    let atMs = 0;
    for (const stretch of this.stretches) {
      value = stretch.start(value);
      perSecond = stretch.perSecond ?? perSecond;
      const endMs = startMs + stretch.lastsMs;
      if (stretch.isEnd === true) {
        yield 'stale';
        while (true) yield undefined;
      }
      for (; atMs < endMs; atMs += intervalMs) {
        yield stretch.isSeen ? this.shown(value + (perSecond * (atMs - startMs)) / 1000) : undefined;
      }
      value += (perSecond * stretch.lastsMs) / 1000;
      startMs = endMs;
    }
    while (true) yield this.shown(value);
  }

  protected abstract shown(value: number): number;
}

/** A counter that starts at 0. Every method adds a stretch and returns a new series; after the last one it stands still. */
export class CounterSeries extends Builder {
  /** Counts at a steady pace. What is shown are whole numbers, as a shop would show. */
  grows(options: Pace & Lasting): CounterSeries {
    return this.#with({ lastsMs: lasting(options), start: same, perSecond: perSecond(options), isSeen: true });
  }

  /** Counts nothing. */
  stays(options: Lasting = {}): CounterSeries {
    return this.#with({ lastsMs: lasting(options), start: same, perSecond: 0, isSeen: true });
  }

  /** Counts so many at once. */
  adds(count: number): CounterSeries {
    return this.#with({ lastsMs: 0, start: (value) => value + count, perSecond: undefined, isSeen: true });
  }

  /** The process starts anew: counts from 0 again, at the pace it had. */
  restarts(): CounterSeries {
    return this.#with({ lastsMs: 0, start: () => 0, perSecond: undefined, isSeen: true });
  }

  /** Is not there: not yet when nothing was before, else scrapes fail while it goes on counting. */
  missing(options: Lasting = {}): CounterSeries {
    return this.#with({ lastsMs: lasting(options), start: same, perSecond: undefined, isSeen: false });
  }

  /** Is gone for good, with a staleness marker, as when its target is. */
  ends(): CounterSeries {
    return this.#with({ lastsMs: 0, start: same, perSecond: undefined, isSeen: false, isEnd: true });
  }

  protected override shown(value: number): number {
    return Math.floor(value + 1e-9);
  }

  #with(stretch: Stretch): CounterSeries {
    return new CounterSeries(this.labels, this.from, [...this.stretches, stretch]);
  }
}

/** A gauge. Every method adds a stretch and returns a new series; after the last one it keeps its value. */
export class GaugeSeries extends Builder {
  /** Has this value. */
  is(value: number, options: Lasting = {}): GaugeSeries {
    return this.#with({ lastsMs: lasting(options), start: () => value, perSecond: 0, isSeen: true });
  }

  /** Moves in a straight line from the value that it has. */
  moves({ to, for: text }: { readonly to: number; readonly for: string }): GaugeSeries {
    const lastsMs = durationMs(text, 'for');
    if (lastsMs === 0) return this.is(to, { for: '0' });
    const from = this.#end();
    const pace = ((to - from) * 1000) / lastsMs;
    return this.#with({ lastsMs, start: same, perSecond: pace, isSeen: true });
  }

  /** Is not there: not yet, or scrapes fail. */
  missing(options: Lasting = {}): GaugeSeries {
    return this.#with({ lastsMs: lasting(options), start: same, perSecond: 0, isSeen: false });
  }

  /** Is gone for good, with a staleness marker, as when its target is. */
  ends(): GaugeSeries {
    return this.#with({ lastsMs: 0, start: same, perSecond: undefined, isSeen: false, isEnd: true });
  }

  protected override shown(value: number): number {
    return value;
  }

  /** The value after all stretches so far. */
  #end(): number {
    let value = this.from;
    for (const { start, perSecond: pace = 0, lastsMs } of this.stretches) {
      value = start(value) + (pace === 0 ? 0 : (pace * lastsMs) / 1000);
    }
    return value;
  }

  #with(stretch: Stretch): GaugeSeries {
    return new GaugeSeries(this.labels, this.from, [...this.stretches, stretch]);
  }
}

function perSecond(pace: Pace): number {
  const [rate, seconds] =
    'perSecond' in pace ? [pace.perSecond, 1] : 'perMinute' in pace ? [pace.perMinute, 60] : [pace.perHour, 3600];
  if (!Number.isFinite(rate) || rate < 0) throw new TypeError(`a counter cannot grow by ${rate}; it only goes up`);
  return rate / seconds;
}

/** A counter: `counter('checkout_total{outcome="success"}')` or `counter('checkout_total', { outcome: 'success' })`. */
export function counter(name: string, labels: Readonly<Record<string, string>> = {}): CounterSeries {
  return new CounterSeries(named(name, labels), 0, []);
}

/** A gauge; give it a value with `is`. Until then it is 0. */
export function gauge(name: string, labels: Readonly<Record<string, string>> = {}): GaugeSeries {
  return new GaugeSeries(named(name, labels), 0, []);
}

/**
 * A series in the notation of promtool's tests: `series('up{job="shop"}', '1x20 stale')`. It ends where the values end.
 * @throws {TypeError} for a name or values that cannot be read
 */
export function series(name: string, values: string): TestSeries {
  const labels = named(name, {});
  const read = readSeriesValues(values);
  if ('message' in read) throw new TypeError(`${read.message} in the values of ${labels}; ${read.hint ?? ''}`);
  return {
    labels,
    *samples() {
      yield* read;
      while (true) yield undefined;
    },
  };
}

function named(name: string, labels: Readonly<Record<string, string>>): Labels {
  const read = readSeriesLabels(name);
  if (!(read instanceof Labels)) {
    const [first] = read;
    throw new TypeError(
      `"${name}" is not a series: ${first?.message}${first?.hint === undefined ? '' : `; ${first.hint}`}`,
    );
  }
  return read.merge(Object.entries(labels));
}
