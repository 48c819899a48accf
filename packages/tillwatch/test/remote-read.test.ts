import { Labels } from '@tillwatch/model';
import { MemoryQueryable } from '@tillwatch/promql/testing';
import protobuf from 'protobufjs';
import { compress, uncompress } from 'snappyjs';
import { describe, expect, test } from 'vitest';
import { RemoteReadError, readReadRequest, readResponse } from '../src/query/remote-read.ts';

/** The parts of Prometheus's remote.proto and types.proto that are meant, for a second reader. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message ReadRequest { repeated Query queries = 1; repeated int32 accepted_response_types = 2; }
  message Query {
    int64 start_timestamp_ms = 1; int64 end_timestamp_ms = 2; repeated LabelMatcher matchers = 3; ReadHints hints = 4;
  }
  message ReadHints { int64 step_ms = 1; string func = 2; repeated string grouping = 5; }
  message LabelMatcher { int32 type = 1; string name = 2; string value = 3; }
  message ReadResponse { repeated QueryResult results = 1; }
  message QueryResult { repeated TimeSeries timeseries = 1; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
`);

const packed = (type: string, message: object) => {
  const found = root.lookupType(type);
  return compress(found.encode(found.fromObject(message)).finish());
};

interface Response {
  readonly results?: readonly {
    readonly timeseries?: readonly {
      readonly labels: readonly { name: string; value: string }[];
      readonly samples: readonly { value: number; timestamp: number }[];
    }[];
  }[];
}

const unpacked = (bytes: Uint8Array): Response => {
  const type = root.lookupType('ReadResponse');
  return type.toObject(type.decode(uncompress(bytes)), { longs: Number, defaults: true }) as Response;
};

describe('a request', () => {
  test('is read with its matchers and times; hints and kinds of answers are passed over', () => {
    const body = packed('ReadRequest', {
      queries: [
        {
          startTimestampMs: -5,
          endTimestampMs: 1_700_000_000_000,
          matchers: [0, 1, 2, 3].map((type) => ({ type, name: 'ü', value: 'a|b' })),
          hints: { stepMs: 15, func: 'rate', grouping: ['job'] },
        },
        {},
      ],
      acceptedResponseTypes: [1, 0],
    });
    expect(readReadRequest(body)).toEqual([
      {
        matchers: ['=', '!=', '=~', '!~'].map((op) => ({ op, name: 'ü', value: 'a|b' })),
        range: { fromMs: -5, toMs: 1_700_000_000_000 },
      },
      { matchers: [], range: { fromMs: 0, toMs: 0 } },
    ]);
  });

  test.for<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no snappy', Buffer.from('GET / HTTP/1.1')],
    ['a length that nothing has', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0)],
    ['another message', compress(Buffer.from('not protobuf'))],
    ['a message that is cut off', compress(Uint8Array.of(0x0a, 0x10, 0x08))],
    ['a matcher that there is not', packed('ReadRequest', { queries: [{ matchers: [{ type: 4, name: 'a' }] }] })],
    [
      'a regular expression that is none',
      packed('ReadRequest', { queries: [{ matchers: [{ type: 2, value: '(' }] }] }),
    ],
    ['too many queries', packed('ReadRequest', { queries: Array.from({ length: 101 }, () => ({})) })],
    ['more than a mebibyte', compress(new Uint8Array((1 << 20) + 1))],
  ])('%s is refused', ([, body]) => {
    expect(() => readReadRequest(body)).toThrow(RemoteReadError);
  });
});

describe('an answer', () => {
  const storeOf = (
    ...series: [record: Record<string, string>, timestampsMs: number[], values: (number | 'stale')[]][]
  ) => {
    const store = new MemoryQueryable();
    for (const [record, timestampsMs, values] of series) store.addSamples(Labels.of(record), timestampsMs, values);
    return store;
  };
  const everything = [{ matchers: [], range: { fromMs: -1e15, toMs: 1e15 } }];

  test('has the series of each query with all samples of its range', () => {
    const store = storeOf(
      [{ __name__: 'a', job: 'shöp' }, [-1, 0, 127, 128, 1_700_000_000_123], [0, -0, 1.5, Infinity, 5e-324]],
      [{ __name__: 'b' }, [1_000], [2]],
    );
    const times = { fromMs: 0, toMs: 1_700_000_000_123 };
    const answer = unpacked(
      readResponse(store, [
        ...everything,
        { matchers: [{ name: '__name__', op: '=~', value: 'a' }], range: times },
        { matchers: [{ name: 'job', op: '=', value: 'none' }], range: times },
      ]),
    );
    expect(answer.results).toHaveLength(3);
    const [all, some, none] = answer.results!;
    expect(all!.timeseries!.map(({ labels }) => labels)).toEqual([
      [
        { name: '__name__', value: 'a' },
        { name: 'job', value: 'shöp' },
      ],
      [{ name: '__name__', value: 'b' }],
    ]);
    expect(all!.timeseries![0]!.samples).toEqual([
      { timestamp: -1, value: 0 },
      { timestamp: 0, value: -0 },
      { timestamp: 127, value: 1.5 },
      { timestamp: 128, value: Infinity },
      { timestamp: 1_700_000_000_123, value: 5e-324 },
    ]);
    expect(some!.timeseries![0]!.samples).toHaveLength(4);
    expect(none!.timeseries ?? []).toEqual([]);
  });

  test('keeps the bits of staleness markers', () => {
    const store = storeOf([{ __name__: 'a' }, [1, 2, 3], [1, 'stale', Number.NaN]]);
    const bytes = Buffer.from(uncompress(readResponse(store, everything)));
    const marker = Uint8Array.of(0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f);
    expect(bytes.includes(Buffer.concat([Uint8Array.of(0x09), marker, Uint8Array.of(0x10, 2)]))).toBe(true);
  });

  test('ends when nobody waits for it', () => {
    const store = storeOf([{ __name__: 'a' }, [1], [1]]);
    expect(() => readResponse(store, everything, { aborted: true })).toThrow('canceled');
  });
});
