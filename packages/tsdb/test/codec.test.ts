import { Labels } from '@tillwatch/model';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isBundle, readBundle, writeBundle } from '../src/codec/bundle.ts';
import { ByteReader, ByteWriter, DamagedBytes } from '../src/codec/bytes.ts';
import { readPiece, writePieces } from '../src/codec/chunk.ts';
import { readColumn, writeColumn } from '../src/codec/column.ts';
import { decodeLabels, encodeLabels } from '../src/codec/labels.ts';
import { type Round, readRound, writeRound } from '../src/codec/round.ts';

/** Bits that numbers hide or that a codec takes for others: NaN payloads, staleness, both zeros, denormals, edges of exactness. */
const oddBits = fc.constantFrom(
  0n,
  1n,
  (1n << 52n) - 1n,
  1n << 63n,
  (1n << 63n) + 1n,
  0x7ff0_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff0_0000_0000_0001n,
  0x7ff0_0000_0000_0002n,
  0x7ff8_0000_0000_0000n,
  0x7ff8_0000_dead_beefn,
  0xffff_ffff_ffff_ffffn,
  ...[2 ** 51 - 1, 2 ** 51, 2 ** 53, -(2 ** 53), 2 ** 40, 2 ** 32, 0.1, 1e-6, 1e308, 5e-324].map(bitsOf),
);
const anyBits = fc.oneof(oddBits, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.double().map(bitsOf));

/** A counter: it rises by whole or broken steps, restarts, jumps far, and now and then has something odd. */
const counter = fc
  .tuple(
    fc.constantFrom(1, 0.5, 0.001, 1_000_003),
    fc.array(fc.oneof({ weight: 20, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.constantFrom(-1, -2, 1e12) }), {
      maxLength: 700,
    }),
    oddBits,
  )
  .map(([unit, steps, odd]) => {
    let total = 0;
    return steps.map((step) => {
      if (step === -2) return odd;
      total = step === -1 ? 0 : total + step * unit;
      return bitsOf(total);
    });
  });

/** Times in ms: even, with jitter, with gaps of years, whatever order of size the first has. */
const times = fc
  .tuple(
    fc.constantFrom(0, 1_700_000_000_123, -(2 ** 40), 2 ** 45),
    fc.array(fc.oneof({ weight: 10, arbitrary: fc.integer({ min: 14_990, max: 15_010 }) }, fc.nat(2 ** 37)), {
      maxLength: 400,
    }),
  )
  .map(([start, gaps]) => {
    let timestampMs = start;
    return gaps.map((gap) => {
      timestampMs += gap + 1;
      return bitsOf(timestampMs);
    });
  });

const bitsOfSeries = fc.oneof(fc.array(anyBits, { maxLength: 600 }), counter, times);

test('columns give back every bit of counters, of irregular times and of odd values', () => {
  fc.assert(
    fc.property(bitsOfSeries, (bits) => {
      const input = new ByteReader(written((out) => writeColumn(out, floats(bits))));
      const values = new Float64Array(bits.length);
      readColumn(input, values);
      expect(bitsIn(values)).toEqual(bits);
      expect(input.isAtEnd).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a chunk gives back its rows, whatever its pieces', () => {
  const stretch = fc.record({ gap: fc.nat(300), bits: bitsOfSeries.filter((bits) => bits.length > 0) });
  fc.assert(
    fc.property(fc.array(stretch, { minLength: 1, maxLength: 4 }), (stretches) => {
      const rows = new Map<number, bigint>();
      let end = 0;
      const bytes = written((out) => {
        for (const { gap, bits } of stretches) {
          writePieces(out, end + gap, floats(bits));
          for (const [i, one] of bits.entries()) rows.set(end + gap + i, one);
          end += gap + bits.length;
        }
      });
      const read = new Map<number, bigint>();
      const input = new ByteReader(bytes);
      while (!input.isAtEnd) {
        const { first, values } = readPiece(input, end);
        for (const [i, one] of bitsIn(values).entries()) read.set(first + i, one);
      }
      expect([...read]).toEqual([...rows]);
      expect(isBundle(bytes)).toBe(false);
      // Of a timeline with a row less it cannot be.
      const shorter = new ByteReader(bytes);
      expect(() => {
        while (!shorter.isAtEnd) readPiece(shorter, end - 1);
      }).toThrow(DamagedBytes);
    }),
    { numRuns: 200 },
  );
});

test('a bundle gives back its chunks', () => {
  const chunk = fc.record({ timelineId: fc.maxSafeNat(), body: fc.uint8Array({ minLength: 1, maxLength: 200 }) });
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 8 }), (chunks) => {
      const bytes = written((out) => writeBundle(out, chunks));
      const input = new ByteReader(bytes);
      const read: { readonly timelineId: number; readonly body: Uint8Array }[] = [];
      readBundle(input, bytes.length, (timelineId, end) => {
        read.push({ timelineId, body: input.take(end - input.offset) });
      });
      expect(isBundle(bytes)).toBe(true);
      expect(read.map(({ timelineId, body }) => [timelineId, [...body]])).toEqual(
        chunks.map(({ timelineId, body }) => [timelineId, [...body]]),
      );
    }),
  );
});

const round = fc
  .record({
    timestampMs: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
    slots: fc.nat(40),
    added: fc.nat(40),
    ids: fc.array(fc.maxSafeNat(), { minLength: 40, maxLength: 40 }),
    bits: fc.array(anyBits, { minLength: 40, maxLength: 40 }),
    present: fc.option(fc.uint8Array({ minLength: 5, maxLength: 5 })),
  })
  .map(({ timestampMs, slots, added, ids, bits, present }) => ({
    timestampMs,
    newSeriesIds: ids.slice(0, Math.min(added, slots)),
    bits: bits.slice(0, slots),
    present: present?.slice(0, (slots + 7) >> 3),
  }));

test('rounds follow each other and give back every bit', () => {
  fc.assert(
    fc.property(fc.array(round, { maxLength: 5 }), (rounds) => {
      const bytes = written((out) => {
        for (const { bits, ...rest } of rounds) writeRound(out, { ...rest, row: floats(bits) });
      });
      const input = new ByteReader(bytes);
      const read: Round[] = [];
      while (!input.isAtEnd) read.push(readRound(input));
      expect(read.map(({ row, ...rest }) => ({ ...rest, bits: bitsIn(row) }))).toEqual(rounds);
    }),
  );
});

test('labels give back every character', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '\ud83d', '\u0000', '\u2028', '"\\'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 6 }), (pairs) => {
      const labels = Labels.from(pairs);
      const read = decodeLabels(encodeLabels(labels));
      expect(read.flat).toEqual(labels.flat);
      expect(read.key).toBe(labels.key);
    }),
  );
});

test.for([
  ['no JSON', '["a","b"'],
  ['no array', '{"a":"b"}'],
  ['a name without its value', '["a"]'],
] as const)('labels that are %s are damage', ([, text]) => {
  expect(() => decodeLabels(text)).toThrow(DamagedBytes);
});

test.for([
  ['without an end', new Array(12).fill(0x80)],
  ['that would be no number any more', [...new Array(200).fill(0x80), 0]],
  ['beyond 2^56', [...new Array(8).fill(0xff), 1]],
] as const)('a varint %s is damage', ([, bytes]) => {
  expect(() => new ByteReader(Uint8Array.from(bytes)).varint()).toThrow(DamagedBytes);
});

test('varints and zigzag give back whole numbers up to the last exact one', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, 127, 128, 2 ** 49, 2 ** 53 - 1)), (value) => {
      const half = Math.trunc(value / 2);
      const input = new ByteReader(
        written((out) => {
          out.varint(Math.abs(value));
          out.zigzag(half);
        }),
      );
      expect([input.varint(), input.zigzag(), input.isAtEnd]).toEqual([Math.abs(value), half === 0 ? 0 : half, true]);
    }),
  );
});

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.finish();
}

function floats(bits: readonly bigint[]): Float64Array {
  return new Float64Array(BigUint64Array.from(bits).buffer);
}

function bitsIn(values: Float64Array): bigint[] {
  return [...new BigUint64Array(values.buffer, values.byteOffset, values.length)];
}

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}
