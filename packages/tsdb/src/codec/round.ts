import { type ByteReader, type ByteWriter, DamagedBytes } from './bytes.ts';

/** What one timestamp adds to a timeline: a value for each slot, and the series of slots that are new with it. */
export interface Round {
  readonly timestampMs: number;
  readonly newSeriesIds: readonly number[];
  /** One value per slot, old slots first. */
  readonly row: Float64Array;
  /** Which slots have a value, one bit each, low bit first; `undefined` when all have. */
  readonly present: Uint8Array | undefined;
}

/** Appends one round to the bytes of a `rounds` row; a row may hold several, oldest first. */
export function writeRound(out: ByteWriter, round: Round): void {
  const { row, newSeriesIds, present } = round;
  out.f64(round.timestampMs);
  out.varint(row.length);
  out.varint(newSeriesIds.length);
  out.u8(present === undefined ? 0 : 1);
  for (const id of newSeriesIds) out.varint(id);
  if (present !== undefined) out.bytes(present);
  out.bytes(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
}

/** Reads the next round. @throws {DamagedBytes} */
export function readRound(input: ByteReader): Round {
  const timestampMs = input.f64();
  const slots = input.varint();
  const added = input.varint();
  const isPartial = input.u8() === 1;
  if (added > slots || slots * 8 > input.bytes.length) throw new DamagedBytes('impossible sizes of a round');
  const newSeriesIds: number[] = [];
  for (let i = 0; i < added; i++) newSeriesIds.push(input.varint());
  const present = isPartial ? input.take((slots + 7) >> 3).slice() : undefined;
  const row = new Float64Array(slots);
  new Uint8Array(row.buffer).set(input.take(slots * 8));
  return { timestampMs, newSeriesIds, row, present };
}
