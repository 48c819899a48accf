import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, DamagedBytes } from '../src/codec/bytes.ts';
import { readColumn, readColumnPart, writeColumn } from '../src/codec/column.ts';

/** Any 64 bits, with those that numbers hide (NaN payloads, staleness, -0) as likely as the rest. */
const anyBits = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.double().map(bitsOf),
  fc.integer({ min: -1000, max: 1000 }).map(bitsOf),
  fc.constantFrom(0x7ff0_0000_0000_0002n, 0x7ff8_0000_0000_0001n, 0xfff8_0000_0000_0abcn, 1n << 63n, 0x7ffn << 52n),
);

const column = fc.oneof(
  fc.array(anyBits, { maxLength: 200 }),
  // Counters: whole, rising, sometimes reset, now and then a marker.
  fc.array(fc.oneof(fc.nat(50), fc.constant(-1)), { maxLength: 200 }).map((steps) => {
    let total = 0;
    return steps.map((step) => {
      if (step === -1) total = 0;
      else total += step;
      return step === 13 ? 0x7ff0_0000_0000_0002n : bitsOf(total);
    });
  }),
  fc
    .array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 200 })
    .chain((cents) => fc.constantFrom(10, 100, 1000, 1e6).map((by) => cents.map((cent) => bitsOf(cent / by)))),
  fc.tuple(anyBits, fc.nat(300)).map(([bits, count]) => Array.from({ length: count }, () => bits)),
);

test('what is read is bit for bit what was written', () => {
  fc.assert(
    fc.property(column, (bits) => {
      expect(bitsRead(written(bits), bits.length)).toEqual(bits);
    }),
    { numRuns: 500 },
  );
});

test('a part of a column is that part, and reading goes on behind the whole', () => {
  const gauge = fc
    .array(fc.integer({ min: 0, max: 2 ** 20 }), { maxLength: 200 })
    .map((numbers) => numbers.map(bitsOf));
  const part = fc.tuple(fc.nat(300), fc.nat(300), fc.nat(5));
  fc.assert(
    fc.property(fc.oneof(column, gauge), part, (bits, [one, other, at]) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)].map((end) => Math.min(end, bits.length));
      const [from, to] = [low as number, high as number];
      // Something before it, so that it does not begin where the bytes do, and sometimes nothing behind it.
      const before = written([bitsOf(1), bitsOf(2.5)]);
      const bytes = Uint8Array.from([...before, ...written(bits), ...(at % 2 === 0 ? [42] : [])]);
      const input = new ByteReader(bytes);
      readColumn(input, new Float64Array(2));
      const values = new Float64Array(at + to - from + 1).fill(7);
      readColumnPart(input, bits.length, from, to, values, at);
      const outside = Array.from({ length: at }, () => bitsOf(7));
      expect([...new BigUint64Array(values.buffer)]).toEqual([...outside, ...bits.slice(from, to), bitsOf(7)]);
      if (at % 2 === 0) expect(input.u8()).toBe(42);
      expect(input.isAtEnd).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('columns follow each other without separators', () => {
  const out = new ByteWriter();
  const first = Float64Array.of(1, 2, 4, 8.5);
  const second = Float64Array.of(Math.PI, -0);
  writeColumn(out, first);
  writeColumn(out, second);
  const input = new ByteReader(out.finish());
  const [a, b] = [new Float64Array(4), new Float64Array(2)];
  readColumn(input, a);
  readColumn(input, b);
  expect([a, b, input.isAtEnd]).toEqual([first, second, true]);
});

test.for([
  ['an idle counter', () => 42, 2],
  ['timestamps of an even scrape', (i: number) => 1_700_000_000_000 + i * 15_000, 20],
  ['timestamps that jitter by 3 ms', (i: number) => 1_700_000_000_000 + i * 15_000 + ((i * 7) % 4), 60],
  ['a counter that rises by 0 to 7', (i: number) => i * 3 + ((i * 5) % 8), 70],
  ['an order value in cents', (i: number) => (100_000 + i * 1999) / 100, 30],
  ['a ratio with many digits', (i: number) => Math.sqrt(i + 2), 1024],
] as const)('%s stays small', ([, valueAt, mostBytes]) => {
  const values = Float64Array.from({ length: 120 }, (_, i) => valueAt(i));
  const out = new ByteWriter();
  writeColumn(out, values);
  expect(out.length).toBeLessThanOrEqual(mostBytes);
});

test('bytes that end too early are damage, not an endless loop or a wrong value', () => {
  const whole = written(Array.from({ length: 50 }, (_, i) => bitsOf(Math.sqrt(i))));
  for (let length = 0; length < whole.length; length++) {
    expect(() => bitsRead(whole.subarray(0, length), 50)).toThrow(DamagedBytes);
  }
});

function written(bits: readonly bigint[]): Uint8Array {
  const out = new ByteWriter();
  writeColumn(out, new Float64Array(BigUint64Array.from(bits).buffer));
  return out.finish();
}

function bitsRead(bytes: Uint8Array, count: number): bigint[] {
  const values = new Float64Array(count);
  readColumn(new ByteReader(bytes), values);
  return [...new BigUint64Array(values.buffer)];
}

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}
