/// <reference path="./snappyjs.d.ts" />
import { type Labels, Matcher, type MatchOp, type Queryable, RegexError, type Series } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import protobuf from 'protobufjs/minimal.js';
import { compress, uncompress } from 'snappyjs';
import type { Cancelable } from './query-engine.ts';
import type { PlainMatcher, StoredSeriesQuery } from './question.ts';

// Prometheus's remote read, version 1, with samples as they are: ReadRequest and ReadResponse of its remote.proto and
// types.proto. Only the fields that are used are read, the others are skipped.

const { Reader, Writer } = protobuf;

/** A request may name so many series queries; Prometheus sends one. */
const MAX_QUERIES = 100;
/** A request may unpack to so many bytes. */
const MAX_REQUEST_BYTES = 1 << 20;
/** An answer may have so many bytes before it is packed: it is put together in memory. */
const MAX_RESPONSE_BYTES = 256 << 20;

const OPS: readonly MatchOp[] = ['=', '!=', '=~', '!~'];

/** A request that is no remote read request. */
export class RemoteReadError extends Error {
  override readonly name = 'RemoteReadError';
}

/** Reads a `ReadRequest` in snappy's block format. @throws {RemoteReadError} */
export function readReadRequest(body: Uint8Array): StoredSeriesQuery[] {
  try {
    const reader = Reader.create(uncompress(body, MAX_REQUEST_BYTES));
    const queries: StoredSeriesQuery[] = [];
    readFields(reader, reader.len, (field) => {
      // Kinds of answers that are understood are not looked at: samples always are.
      if (field !== 1) return false;
      if (queries.length === MAX_QUERIES) refuse(`more than ${MAX_QUERIES} queries in one request`);
      queries.push(readSeriesQuery(reader, endOf(reader)));
      return true;
    });
    return queries;
  } catch (cause) {
    if (cause instanceof RemoteReadError) throw cause;
    return refuse(`the body is not a ReadRequest in snappy: ${(cause as Error).message}`);
  }
}

function readSeriesQuery(reader: protobuf.Reader, end: number): StoredSeriesQuery {
  let fromMs = 0;
  let toMs = 0;
  const matchers: PlainMatcher[] = [];
  readFields(reader, end, (field) => {
    if (field === 1) fromMs = Number(reader.int64());
    else if (field === 2) toMs = Number(reader.int64());
    else if (field === 3) matchers.push(readMatcher(reader, endOf(reader)));
    // Hints say what the samples are for; what they leave out is sent all the same.
    else return false;
    return true;
  });
  return { matchers, range: { fromMs, toMs } };
}

function readMatcher(reader: protobuf.Reader, end: number): PlainMatcher {
  let type = 0;
  let name = '';
  let value = '';
  readFields(reader, end, (field) => {
    if (field === 1) type = reader.int32();
    else if (field === 2) name = reader.string();
    else if (field === 3) value = reader.string();
    else return false;
    return true;
  });
  const op = OPS[type] ?? refuse(`matcher type ${type} is not known`);
  try {
    new Matcher(name, op, value);
  } catch (cause) {
    if (cause instanceof RegexError) return refuse(cause.message);
    throw cause;
  }
  return { name, op, value };
}

/** Reads the fields of a message. `read` is told the number of each and says whether it has read its value; others are skipped. */
function readFields(reader: protobuf.Reader, end: number, read: (field: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!read(tag >>> 3)) reader.skipType(tag & 7);
  }
}

function endOf(reader: protobuf.Reader): number {
  return reader.uint32() + reader.pos;
}

function refuse(message: string): never {
  throw new RemoteReadError(message);
}

/**
 * A `ReadResponse` in snappy's block format: for each query its series in label order with all samples of its range, staleness
 * markers too. @throws {QueryError} when it is canceled or gets too large
 */
export function readResponse(
  queryable: Queryable,
  queries: readonly StoredSeriesQuery[],
  signal?: Cancelable,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (const { matchers, range } of queries) {
    const compiled = matchers.map(({ name, op, value }) => new Matcher(name, op, value));
    const result: Uint8Array[] = [];
    for (const series of queryable.select(compiled, range.fromMs, range.toMs)) {
      if (signal?.aborted === true) throw new QueryError('canceled', 'the query was canceled');
      const labels = labelsOf(series.labels);
      const samples = samplesOf(series);
      const size = labels.length + samples.length;
      result.push(lengthBefore(size), labels, samples);
      bytes += size;
      if (bytes > MAX_RESPONSE_BYTES) {
        const limit = `${MAX_RESPONSE_BYTES >> 20} MiB`;
        throw new QueryError('limit', `the answer is larger than ${limit}: ask for less time or fewer series`);
      }
    }
    parts.push(lengthBefore(result.reduce((sum, { length }) => sum + length, 0)), ...result);
  }
  return compress(Buffer.concat(parts));
}

/** What stands before a message that is field 1 of another: both times, in QueryResult and ReadResponse, it is a list. */
function lengthBefore(bytes: number): Uint8Array {
  return Writer.create().uint32(0x0a).uint32(bytes).finish();
}

/** The labels of a TimeSeries: field 1. */
function labelsOf(labels: Labels): Uint8Array {
  const writer = Writer.create();
  for (const [name, value] of labels) {
    writer.uint32(0x0a).fork().uint32(0x0a).string(name).uint32(0x12).string(value).ldelim();
  }
  return writer.finish();
}

/** A sample needs no more: two tags and a length, eight bytes of value, ten of time, and the field before it. */
const MAX_SAMPLE_BYTES = 22;

/**
 * The samples of a TimeSeries: field 2. Written by hand, since there are millions of them and the writer of the library makes
 * objects of each; and since a staleness marker is a NaN whose bits a number of JavaScript need not keep.
 */
function samplesOf({ timestampsMs, values }: Series): Uint8Array {
  const bytes = Buffer.allocUnsafe(values.length * MAX_SAMPLE_BYTES);
  const bits = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  let at = 0;
  for (let i = 0; i < values.length; i++) {
    const lengthAt = at + 1;
    bytes[at] = 0x12;
    bytes[at + 2] = 0x09;
    bits.copy(bytes, at + 3, 8 * i, 8 * i + 8);
    bytes[at + 11] = 0x10;
    at = writeVarint(bytes, at + 12, timestampsMs[i]!);
    bytes[lengthAt] = at - lengthAt - 1;
  }
  return bytes.subarray(0, at);
}

function writeVarint(bytes: Buffer, from: number, value: number): number {
  let at = from;
  if (value < 0) {
    // Two's complement of 64 bits, which always has ten bytes.
    for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
      if (rest < 0x80n) {
        bytes[at++] = Number(rest);
        return at;
      }
      bytes[at++] = Number(rest & 0x7fn) | 0x80;
    }
  }
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = (rest % 0x80) | 0x80;
  bytes[at++] = rest;
  return at;
}
