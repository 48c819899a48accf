import fc from 'fast-check';
import { AggregatorRegistry, Gauge, Counter as PromCounter, Histogram as PromHistogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { counter } from '../src/cells/counter.ts';
import { histogram } from '../src/cells/histogram.ts';
import { InstrumentError } from '../src/index.ts';
import { expose } from '../src/serve/expose.ts';
import { parse } from './support.ts';

const LABELS = ['a', 'b'];
const BUCKETS = [0.1, 1, 5];

/** Adds the same events to prom-client's metrics and to ours. */
function twins(events: readonly (readonly [a: string, b: string, value: number])[]) {
  const theirs = new Registry();
  const ours = new Registry();
  const plainCounter = new PromCounter({ name: 'n_total', help: 'x\\y\nz', labelNames: LABELS, registers: [theirs] });
  const plainHistogram = new PromHistogram({
    name: 'h',
    help: 'h',
    labelNames: LABELS,
    buckets: BUCKETS,
    registers: [theirs],
  });
  const fastCounter = counter(ours, 'n_total', 'x\\y\nz', LABELS);
  const fastHistogram = histogram(ours, 'h', 'h', LABELS, BUCKETS);
  for (const [a, b, value] of events) {
    plainCounter.inc({ a, b }, value);
    plainHistogram.observe({ a, b }, value);
    fastCounter.cell(a, b).value += value;
    fastHistogram.cell(a, b).observe(value);
  }
  return { theirs, ours };
}

const event = fc.tuple(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom('x', 'y"\\\n', '😀'),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);

describe('against prom-client', () => {
  test('the exposition is the same, line by line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
        const { theirs, ours } = twins(events);
        const expected = (await theirs.metrics()).split('\n').filter(Boolean);
        expect((await expose(ours)).split('\n').filter(Boolean)).toEqual(expected);
        expect(parse(await ours.metrics())).toEqual(parse(await theirs.metrics()));
      }),
      { numRuns: 50 },
    );
  });

  test('the JSON form is the same, and adds up over workers', async () => {
    const [one, two] = [
      twins([
        ['p', 'x', 0.5],
        ['q', 'x', 7],
      ]),
      twins([['p', 'x', 2]]),
    ];
    const join = async (...all: Registry[]) =>
      parse(await AggregatorRegistry.aggregate(await Promise.all(all.map((r) => r.getMetricsAsJSON()))).metrics());
    const joined = await join(one.ours, two.ours);
    expect(joined).toEqual(await join(one.theirs, two.theirs));
    expect(joined.get('n_total{a="p",b="x"}')).toBe(2.5);
    expect(joined.get('h_bucket{a="p",b="x",le="1"}')).toBe(1);
    expect(joined.get('h_count{a="p",b="x"}')).toBe(2);
  });
});

describe('in a registry of the shop', () => {
  test('stands beside metrics of prom-client, and both ways of writing agree', async () => {
    const { ours } = twins([['p', 'x', 1]]);
    new Gauge({ name: 'shop_stock', help: 'h', registers: [ours] }).set(3);
    const text = await expose(ours);
    expect(parse(text)).toEqual(parse(await ours.metrics()));
    expect(text).toContain('\nshop_stock 3\n');
    expect(text.endsWith('\n')).toBe(true);
  });

  test('default labels reach our lines too', async () => {
    const { ours } = twins([['p', 'x', 1]]);
    ours.setDefaultLabels({ app: 'till', a: 'not mine' });
    const found = parse(await expose(ours));
    expect(found.get('n_total{a="p",app="till",b="x"}')).toBe(1);
    expect((await ours.getMetricsAsJSON())[0]?.values[0]?.labels).toEqual({ a: 'p', b: 'x', app: 'till' });
    // They were added to what the registry was given, not to the cells.
    ours.setDefaultLabels({});
    expect(parse(await expose(ours)).get('n_total{a="p",b="x"}')).toBe(1);
  });

  test('OpenMetrics has its own form', async () => {
    const registry = new Registry<'application/openmetrics-text; version=1.0.0; charset=utf-8'>();
    registry.setContentType('application/openmetrics-text; version=1.0.0; charset=utf-8');
    counter(registry as unknown as Registry, 'n_total', 'h', ['a']).cell('x').value += 2;
    const text = await expose(registry as unknown as Registry);
    expect(text).toContain('# TYPE n counter\nn_total{a="x"} 2\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  test('a merged registry and a single metric work', async () => {
    const { ours } = twins([['p', 'x', 1]]);
    expect(parse(await Registry.merge([ours, new Registry()]).metrics()).get('n_total{a="p",b="x"}')).toBe(1);
    expect(await ours.getSingleMetricAsString('n_total')).toContain('n_total{a="p",b="x"} 1');
  });

  test('resetMetrics sets to zero and held cells go on', async () => {
    const registry = new Registry();
    const cell = counter(registry, 'n_total', 'h', ['a']).cell('x');
    const timing = histogram(registry, 'h', 'h', [], [1]).cell();
    cell.value += 5;
    timing.observe(0.5);
    registry.resetMetrics();
    cell.value += 1;
    const found = parse(await expose(registry));
    expect([found.get('n_total{a="x"}'), found.get('h_count'), found.get('h_sum')]).toEqual([1, 0, 0]);
  });

  test('a taken name is told', () => {
    const registry = new Registry();
    new Gauge({ name: 'n_total', help: 'h', registers: [registry] });
    expect(() => counter(registry, 'n_total', 'h')).toThrow(InstrumentError);
    expect(() => counter(registry, 'not a name', 'h')).toThrow(/"not a name"/);
    histogram(registry, 'h', 'h', [], [1]);
    expect(() => counter(registry, 'h', 'h')).toThrow(/already has a metric "h"/);
  });
});

test.for([
  [[], { sum: 0, counts: [0, 0, 0, 0] }],
  [[0.1, 0.10001, 5, 5.1], { sum: 10.30001, counts: [1, 1, 1, 1] }],
  [[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], { sum: 0, counts: [0, 0, 0, 0] }],
  [[-1], { sum: -1, counts: [1, 0, 0, 0] }],
] as const)('a histogram of %j', ([values, { sum, counts }]) => {
  const cell = histogram(new Registry(), 'h', 'h', [], BUCKETS).cell();
  for (const value of values) cell.observe(value);
  expect(cell.sum).toBeCloseTo(sum, 9);
  expect([...cell.counts]).toEqual(counts);
});

test('a full counter folds what is new and keeps what must stay true', () => {
  const folded: string[] = [];
  const limit = { maxCells: 2, onFold: (name: string) => void folded.push(name), keep: ['outcome'] };
  const family = counter(new Registry(), 'n_total', 'h', ['outcome', 'reason'], limit);
  family.cell('failure', 'a').value += 1;
  family.cell('failure', 'b').value += 1;
  family.cell('failure', 'c').value += 1;
  family.cell('failure', 'd').value += 1;
  family.cell('success', 'e').value += 1;
  expect(family.cell('failure', 'other').value).toBe(2);
  expect(family.cell('success', 'other').value).toBe(1);
  expect(family.cell('failure', 'a').value).toBe(1);
  expect(folded).toEqual(['n_total', 'n_total', 'n_total']);
});
