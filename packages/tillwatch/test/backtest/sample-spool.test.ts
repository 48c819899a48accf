import { isStaleAt, Labels, Matcher, writeStaleAt } from '@tillwatch/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBlock, encodeBlock } from '../../src/backtest/spool/block-codec.ts';
import { SampleSpool } from '../../src/backtest/spool/sample-spool.ts';

const sample = fc.record({
  afterMs: fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 1e10 })),
  value: fc.oneof(fc.integer({ min: -1e6, max: 1e15 }), fc.double(), fc.constantFrom(-0, 0, 1e300, -1.5)),
});

describe('blocks', () => {
  test('come back bit by bit', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 60 }), fc.nat(1_000_000), (drawn, startMs) => {
        let atMs = startMs;
        const timestampsMs = Float64Array.from(drawn, ({ afterMs }) => (atMs += afterMs));
        const values = Float64Array.from(drawn, ({ value }) => value);
        const out = { timestampsMs: new Float64Array(drawn.length + 2), values: new Float64Array(drawn.length + 2) };
        decodeBlock(encodeBlock({ timestampsMs, values }, drawn.length), drawn.length, out, 2);
        expect(out.timestampsMs.subarray(2)).toEqual(timestampsMs);
        expect(Buffer.from(out.values.buffer, 16)).toEqual(Buffer.from(values.buffer));
      }),
    );
  });

  test('keep staleness markers, and are small for counters', () => {
    const timestampsMs = Float64Array.from({ length: 512 }, (_, i) => 1.7e12 + i * 15_000);
    const values = Float64Array.from({ length: 512 }, (_, i) => 1e6 + 3 * i);
    expect(encodeBlock({ timestampsMs, values }, 512).length).toBeLessThan(600);
    writeStaleAt(values, 100);
    const out = { timestampsMs: new Float64Array(512), values: new Float64Array(512) };
    decodeBlock(encodeBlock({ timestampsMs, values }, 512), 512, out, 0);
    expect(isStaleAt(out.values, 100)).toBe(true);
  });
});

describe('SampleSpool', () => {
  const named = (name: string, shop = '') => Labels.of({ __name__: name, shop });

  test('yields what was added, by name and matcher, in label order, and in any window', () => {
    const spool = new SampleSpool();
    const orders = spool.series(named('orders', 'b'));
    const others = [spool.series(named('orders', 'a')), spool.series(named('views', 'a'))];
    for (let i = 0; i < 3_000; i++) {
      expect(orders.append(i * 1_000, i)).toBe(true);
      for (const [k, series] of others.entries()) if (i % 2 === 0) series.append(i * 1_000, i / (k + 1));
    }
    const select = (matchers: Matcher[], fromMs: number, toMs: number) =>
      [...spool.select(matchers, fromMs, toMs)].map(({ labels, timestampsMs, values }) => [
        labels.get('shop'),
        [...timestampsMs].map((ms) => ms / 1_000),
        [...values],
      ]);
    const isOrders = new Matcher('__name__', '=', 'orders');
    expect(select([isOrders], 511_000, 513_500)).toEqual([
      ['a', [512], [512]],
      ['b', [511, 512, 513], [511, 512, 513]],
    ]);
    expect(select([isOrders, new Matcher('shop', '=', 'b')], 2_998_000, 9e9)).toEqual([
      ['b', [2998, 2999], [2998, 2999]],
    ]);
    expect(select([new Matcher('__name__', '=~', 'v.*')], 0, 0)).toEqual([['a', [0], [0]]]);
    expect(select([isOrders], 511_200, 511_800)).toEqual([]);
    expect([...spool.selectLabels([isOrders], 511_000, 511_000)].map((labels) => labels.get('shop'))).toEqual(['b']);
    expect(spool.labelNames(0, 1_000)).toEqual(['__name__', 'shop']);
    expect(spool.labelValues('__name__', 0, 1_000)).toEqual(['orders', 'views']);
    expect([spool.firstMs, spool.lastMs, spool.sampleCount, spool.seriesCount]).toEqual([0, 2_999_000, 6_000, 3]);
    spool.close();
    spool.close();
  });

  test('series of one scrape share their timestamps', () => {
    const spool = new SampleSpool();
    for (const shop of ['a', 'b', 'c']) for (let i = 0; i < 700; i++) spool.series(named('x', shop)).append(i, i);
    const [a, b, c] = [...spool.select([], 0, 1e9)];
    expect(b!.timestampsMs).toBe(a!.timestampsMs);
    expect(c!.timestampsMs).toBe(a!.timestampsMs);
    spool.close();
  });

  test('what is not newer is refused, and so is more than there is room for', () => {
    const spool = new SampleSpool({ maxSeries: 1, maxBytes: 2_000 });
    const series = spool.series(named('x'));
    expect([series.append(5, 1), series.append(5, 1), series.append(4, 1), series.append(6, 1)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(() => spool.series(named('y'))).toThrow(/more than 1 series/);
    expect(() => {
      for (let i = 10; i < 10_000; i++) series.append(i, Math.PI * i);
    }).toThrow(/look at a shorter time/);
    spool.close();
  });
});
