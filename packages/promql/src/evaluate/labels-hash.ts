import type { Labels } from '@tillwatch/model';

/**
 * Where a label set falls between 0 and 1: Prometheus's hash of it (XXH64 of every name and value with its length before it)
 * over the largest one. `limit_ratio` thus chooses the series that Prometheus chooses.
 */
export function labelsShare(labels: Labels): number {
  const bytes: number[] = [];
  for (const [name, value] of labels) {
    appendText(bytes, name);
    appendText(bytes, value);
  }
  return Number(xxh64(Uint8Array.from(bytes))) / 2 ** 64;
}

const encoder = new TextEncoder();

function appendText(bytes: number[], text: string): void {
  const encoded = encoder.encode(text);
  const { length } = encoded;
  if (length < 255) bytes.push(length);
  else bytes.push(255, length & 255, (length >> 8) & 255, (length >> 16) & 255);
  for (const byte of encoded) bytes.push(byte);
}

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

/** XXH64 with seed 0, as its specification describes it. */
export function xxh64(data: Uint8Array): bigint {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let hash = P5;
  if (data.length >= 32) {
    const lanes = [P1 + P2, P2, 0n, -P1].map(wrap);
    for (; at + 32 <= data.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane]!, view.getBigUint64(at + lane * 8, true));
    }
    hash = wrap(rotate(lanes[0]!, 1n) + rotate(lanes[1]!, 7n) + rotate(lanes[2]!, 12n) + rotate(lanes[3]!, 18n));
    for (const lane of lanes) hash = wrap((hash ^ round(0n, lane)) * P1 + P4);
  }
  hash = wrap(hash + BigInt(data.length));
  for (; at + 8 <= data.length; at += 8) {
    hash = wrap(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  }
  for (; at + 4 <= data.length; at += 4) {
    hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
  }
  for (; at < data.length; at++) hash = wrap(rotate(hash ^ wrap(BigInt(data[at]!) * P5), 11n) * P1);
  hash = wrap((hash ^ (hash >> 33n)) * P2);
  hash = wrap((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}

function round(accumulator: bigint, input: bigint): bigint {
  return wrap(rotate(wrap(accumulator + input * P2), 31n) * P1);
}

function rotate(value: bigint, bits: bigint): bigint {
  return wrap((value << bits) | (value >> (64n - bits)));
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
