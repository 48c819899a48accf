import { Labels } from '@tillwatch/model';
import { isBundle, readBundle, writeBundle } from '../../../packages/tsdb/src/codec/bundle.ts';
import { ByteReader, ByteWriter, DamagedBytes } from '../../../packages/tsdb/src/codec/bytes.ts';
import { readPiece, writePieces } from '../../../packages/tsdb/src/codec/chunk.ts';
import {
  type ColumnIndex,
  indexColumn,
  readColumn,
  readColumnPart,
  writeColumn,
} from '../../../packages/tsdb/src/codec/column.ts';
import { decodeLabels, encodeLabels } from '../../../packages/tsdb/src/codec/labels.ts';
import { readRound, writeRound } from '../../../packages/tsdb/src/codec/round.ts';
import { isReadable, unlessRefused } from '../laws.ts';
import { must, mustEqual, type Subject } from '../subject.ts';

/** Rows of the timeline that damaged chunks are read with: few, so that what is read stays small. */
const ROWS = 120;

const COLUMNS: readonly (readonly number[])[] = [
  Array.from({ length: ROWS }, () => 42),
  Array.from({ length: ROWS }, (_, i) => 1_700_000_000_000 + i * 15_000 + (i % 4)),
  Array.from({ length: ROWS }, (_, i) => i * 3 + ((i * 5) % 8)),
  Array.from({ length: ROWS }, (_, i) => Math.sqrt(i + 2)),
  Array.from({ length: ROWS }, (_, i) => (i % 40 === 39 ? Number.NaN : (100_000 + i * 1_999) / 100)),
  Array.from({ length: ROWS }, (_, i) => (i * 7_919) % 1_000),
];

const columns: Subject = {
  name: 'store columns',
  isBytes: true,
  seeds: COLUMNS.map((values) => bytesText((out) => writeColumn(out, Float64Array.from(values)))),
  words: [],
  check(text) {
    const bytes = bytesOf(text);
    const values = new Float64Array(ROWS);
    const input = new ByteReader(bytes);
    const isRead = isReadable(() => readColumn(input, values), DamagedBytes);
    if (isRead) must(input.offset <= bytes.length, 'it was read beyond its end');
    // What is read in part is what is read as a whole, and what is looked up by itself, too.
    const part = new Float64Array(20);
    const partInput = new ByteReader(bytes);
    const isPartRead = isReadable(() => readColumnPart(partInput, ROWS, 50, 70, part, 0), DamagedBytes);
    must(isPartRead === isRead, 'a part can be read and the whole cannot, or the other way round');
    const index: ColumnIndex = { kind: 0, base: 0, rise: 0, width: 0, start: 0, column: 0, divisor: 1 };
    const indexInput = new ByteReader(bytes);
    const isIndexed = isReadable(() => indexColumn(indexInput, ROWS, index), DamagedBytes);
    must(isIndexed || !isRead, 'a column that can be read has no index');
    if (!isRead) return false;
    must(partInput.offset === input.offset && indexInput.offset === input.offset, 'two ends of one column');
    // What was read is written and read as the same.
    const again = new Float64Array(ROWS);
    readColumn(new ByteReader(bytesOf(bytesText((out) => writeColumn(out, values)))), again);
    must(Buffer.from(again.buffer).equals(Buffer.from(values.buffer)), 'a column is not what it was');
    return true;
  },
};

const chunks: Subject = {
  name: 'store chunks',
  isBytes: true,
  seeds: COLUMNS.map((values) =>
    bytesText((out) => {
      writePieces(out, 0, Float64Array.from(values.slice(0, 50)));
      writePieces(out, 60, Float64Array.from(values.slice(60)));
    }),
  ),
  words: ['\x00\x00', '\x3c'],
  check(text) {
    const input = new ByteReader(bytesOf(text));
    while (!input.isAtEnd) {
      const before = input.offset;
      const piece = unlessRefused(() => readPiece(input, ROWS), DamagedBytes);
      if (piece === undefined) return false;
      must(piece.first >= 0 && piece.first + piece.values.length <= ROWS, `rows ${piece.first}… of ${ROWS}`);
      must(input.offset > before, 'a piece of no bytes');
    }
    return true;
  },
};

const bundles: Subject = {
  name: 'store bundles',
  isBytes: true,
  seeds: [
    bytesText((out) =>
      writeBundle(
        out,
        COLUMNS.slice(0, 3).map((values, i) => ({
          timelineId: 7 + i * 200,
          body: bytesOf(bytesText((one) => writePieces(one, 0, Float64Array.from(values)))),
        })),
      ),
    ),
  ],
  words: ['\x00\x00'],
  check(text) {
    const bytes = bytesOf(text);
    if (!isBundle(bytes)) return false;
    const input = new ByteReader(bytes);
    const read = () =>
      readBundle(input, bytes.length, (timelineId, end) => {
        must(timelineId >= 0 && end >= input.offset, `a chunk of timeline ${timelineId} ends at ${end}`);
        // As readers do: what is damaged inside of a chunk must not lead beyond it.
        input.skip(end - input.offset);
      });
    return isReadable(read, DamagedBytes);
  },
};

const rounds: Subject = {
  name: 'store rounds',
  isBytes: true,
  seeds: [
    bytesText((out) =>
      writeRound(out, {
        timestampMs: 1_700_000_000_000,
        newSeriesIds: [1, 2, 300],
        row: Float64Array.of(1, Number.NaN, -0),
        present: undefined,
      }),
    ),
    bytesText((out) => {
      writeRound(out, { timestampMs: 5, newSeriesIds: [], row: Float64Array.of(1, 0, 3), present: Uint8Array.of(5) });
      writeRound(out, {
        timestampMs: 6,
        newSeriesIds: [2 ** 40],
        row: new Float64Array(12),
        present: Uint8Array.of(255, 15),
      });
    }),
  ],
  words: ['\x01\x01\x00', '\x00\x00\x00\x00\x00\x00\xf0\x7f'],
  check(text) {
    const bytes = bytesOf(text);
    const input = new ByteReader(bytes);
    const out = new ByteWriter();
    while (!input.isAtEnd) {
      const before = input.offset;
      const round = unlessRefused(() => readRound(input), DamagedBytes);
      if (round === undefined) return false;
      must(input.offset > before, 'a round of no bytes');
      must(
        round.newSeriesIds.every((id) => Number.isFinite(id) && id >= 0),
        `ids ${round.newSeriesIds}`,
      );
      writeRound(out, round);
    }
    return true;
  },
};

const labels: Subject = {
  name: 'store labels',
  seeds: [
    '["__name__","up","job","shop"]',
    '[]',
    encodeLabels(Labels.of({ 'ü\n"': '\ud83d', __proto__: 'x' } as Record<string, string>)),
  ],
  words: ['["', '","', '"]', 'null', '{}', '1', '[[]]', '"__proto__"', '\\u0000', '\\ud800'],
  check(text) {
    const read = unlessRefused(() => decodeLabels(text), DamagedBytes);
    if (read === undefined) return false;
    mustEqual(decodeLabels(encodeLabels(read)).flat, read.flat, 'labels');
    must(decodeLabels(encodeLabels(read)).key === read.key, 'the key of equal labels');
    return true;
  },
};

function bytesText(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return Buffer.from(out.finish()).toString('latin1');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

export const storeSubjects: readonly Subject[] = [columns, chunks, bundles, rounds, labels];
