import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rows } from '../src/head/rows.ts';

/** Bits of values that are easy to get wrong, beside counters that count on. */
const bits = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -300, max: 70_000 }).map((value) => bitsOf(value)) },
  fc.double().map((value) => bitsOf(value)),
  fc.constantFrom(
    0x7ff0_0000_0000_0002n,
    0x7ff8_0000_0000_0000n,
    0x7ff8_0000_0000_0001n,
    bitsOf(-0),
    bitsOf(0),
    bitsOf(2 ** 53),
  ),
);

test('every value comes back bit for bit, from any row to any other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ changes: fc.dictionary(fc.nat(5).map(String), bits), added: fc.nat(2), step: fc.nat(3) }), {
        maxLength: 40,
      }),
      fc.nat(40),
      fc.nat(40),
      (steps, low, high) => {
        const rows = new Rows();
        const expected: BigUint64Array[] = [];
        let row = new BigUint64Array(1);
        for (const { changes, added, step } of steps) {
          const next = new BigUint64Array(row.length + added);
          next.set(row);
          const numbers = new Float64Array(next.buffer);
          for (let slot = 0; slot < next.length; slot++) {
            const value = numbers[slot]!;
            if (Number.isSafeInteger(value)) numbers[slot] = value + step * slot;
          }
          for (const [slot, value] of Object.entries(changes))
            if (Number(slot) < next.length) next[Number(slot)] = value;
          row = next;
          expected.push(row);
          rows.push(new Float64Array(row.slice().buffer));
        }
        const from = Math.min(low, high, expected.length);
        const to = Math.min(Math.max(low, high), expected.length);
        for (let slot = 0; slot < row.length; slot++) {
          const read = new Float64Array(to - from + 2);
          rows.copy(slot, from, to, read, 1);
          const wanted = expected.slice(from, to).map((one) => one[slot] ?? 0n);
          expect([...new BigUint64Array(read.buffer)]).toEqual([0n, ...wanted, 0n]);
        }
        expect(rows.length).toBe(expected.length);
      },
    ),
    { numRuns: 1_000 },
  );
});

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}
