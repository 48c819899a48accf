import { type Checkout, type CheckoutOptions, type FailureRecord, instrumentCheckout } from '../src/index.ts';

/** A checkout with everything declared, a clock in the test's hand, and its failure lines collected. */
export function shop(options: Partial<CheckoutOptions> = {}): {
  readonly checkout: Checkout;
  readonly lines: FailureRecord[];
  /** Moves the clock. */
  readonly advance: (ms: number) => void;
} {
  let nowMs = 1000;
  const lines: FailureRecord[] = [];
  const checkout = instrumentCheckout({
    steps: ['cart', 'shipping', 'payment', 'confirm'],
    providers: ['stripe', 'paypal'],
    methods: ['card', 'wallet'],
    channels: ['web', 'app'],
    regions: ['eu', 'us'],
    version: 'v7',
    currency: 'EUR',
    processMetrics: false,
    log: (record) => lines.push(record),
    now: () => nowMs,
    ...options,
  });
  checkout.stop();
  return {
    checkout,
    lines,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}

/** The exposition as a map from series (name and labels) to value. */
export async function series(source: { metrics(): Promise<string> }): Promise<Map<string, number>> {
  return parse(await source.metrics());
}

/** Lines of the text format; labels in alphabetical order, so that tests need not know ours. */
export function parse(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const space = line.lastIndexOf(' ');
    found.set(sorted(line.slice(0, space)), Number(line.slice(space + 1)));
  }
  return found;
}

/** `name{a="1",b="2"}` with its labels in alphabetical order. */
export function sorted(key: string): string {
  const brace = key.indexOf('{');
  if (brace < 0) return key;
  const labels = key.slice(brace + 1, -1).match(/[a-z_]+="(?:[^"\\]|\\.)*"/g) ?? [];
  return `${key.slice(0, brace)}{${labels.sort().join(',')}}`;
}

/** The series that changed between two expositions, with what they grew by. Histogram buckets are left out. */
export function growth(before: Map<string, number>, after: Map<string, number>): Record<string, number> {
  const grown: Record<string, number> = {};
  for (const [key, value] of after) {
    const by = value - (before.get(key) ?? 0);
    if (by !== 0 && !/_bucket|_sum/.test(key)) grown[key] = by;
  }
  return grown;
}
