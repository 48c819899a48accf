import type { TestSeries } from './promql-data.ts';

/**
 * Series as remote write requests (protobuf in snappy), one for each stretch of time, since Prometheus takes samples of all
 * series only in about the order of time. Unlike a text format they carry staleness markers.
 */
export function* writeRequests(all: readonly TestSeries[], spanMs: number): Iterable<Uint8Array<ArrayBuffer>> {
  const first = Math.min(...all.map(({ timestampsMs }) => timestampsMs[0] ?? Number.POSITIVE_INFINITY));
  const last = Math.max(...all.map(({ timestampsMs }) => timestampsMs.at(-1) ?? Number.NEGATIVE_INFINITY));
  for (let from = first; from <= last; from += spanMs) {
    const series = all.map((one) => timeSeries(one, from, from + spanMs)).filter((message) => message !== undefined);
    yield snappy(Buffer.concat(series.map((message) => field(1, message))));
  }
}

function timeSeries({ labels, timestampsMs, values }: TestSeries, fromMs: number, toMs: number): Buffer | undefined {
  const samples: Buffer[] = [];
  for (const [i, t] of timestampsMs.entries()) {
    if (t >= fromMs && t < toMs) samples.push(field(2, sample(t, values[i]!)));
  }
  if (samples.length === 0) return undefined;
  const pairs = [...labels].map(([name, value]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
  );
  return Buffer.concat([...pairs, ...samples]);
}

function sample(timestampMs: number, value: number | 'stale'): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 0x09; // field 1, 64 bits
  if (value === 'stale') bytes.writeBigUInt64LE(0x7ff0_0000_0000_0002n, 1);
  else bytes.writeDoubleLE(value, 1);
  bytes[9] = 0x10; // field 2, varint
  return Buffer.concat([bytes, varint(timestampMs)]);
}

/** A field that holds bytes, with its length before them. */
function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** Snappy's block format without compressing anything: the length, then literals of at most 64 KiB. */
function snappy(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const parts = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const literal = bytes.subarray(at, at + 65_536);
    const last = literal.length - 1;
    parts.push(Buffer.from([0xf4, last & 255, last >> 8]), literal);
  }
  return Uint8Array.from(Buffer.concat(parts));
}
