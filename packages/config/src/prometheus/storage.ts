import * as z from 'zod';
import { readByteSize } from '../fields/byte-size.ts';
import { scalarValue, textField } from '../fields/field.ts';
import { object, optional } from '../fields/object.ts';
import { duration, integer, number } from '../fields/scalars.ts';

/** What the section `storage` says about how long samples are kept and how late they may come. */
export interface StorageConfig {
  /** `tsdb.retention.time`: samples older than this are deleted; `undefined` when it is not given or 0. */
  readonly retentionMs: number | undefined;
  /** `tsdb.retention.size`: how large the store may become on disk; `undefined` when it is not given or 0, for no limit. */
  readonly retentionBytes: number | undefined;
  /** `tsdb.out_of_order_time_window`: how much older than the newest sample of its series a sample may be; 0 for not at all. */
  readonly outOfOrderWindowMs: number;
  /** `exemplars.max_exemplars`: how many exemplars are kept; 0 for none. */
  readonly maxExemplars: number;
}

/** As many as Prometheus keeps. */
const DEFAULT_MAX_EXEMPLARS = 100_000;

/** Settings of the section that the embedded engine does not have, and why they can be left out. */
export const UNUSED_STORAGE_SETTINGS: readonly (readonly [path: readonly string[], hint: string])[] = [
  [['tsdb', 'retention', 'percentage'], 'write how large the store may become in tsdb.retention.size'],
  [['tsdb', 'chunk_encoding'], 'the embedded store has an encoding of its own'],
  [['tsdb', 'stale_series_compaction_threshold'], 'the embedded store lets go of series that ended by itself'],
];

/** The section `storage` of prometheus.yml, checked for what Prometheus would refuse. */
export function storage(): z.ZodType<StorageConfig, unknown> {
  const size = textField((word, fail) =>
    word.startsWith('-')
      ? fail("'storage.tsdb.retention.size' must be greater than or equal to 0")
      : readByteSize(word, fail),
  );
  const retention = object({
    time: optional('time', duration()),
    size: optional('size', size),
    percentage: optional('percentage', percentage()),
  });
  const tsdb = object({
    outOfOrderTimeWindow: optional('out_of_order_time_window', duration()),
    staleSeriesCompactionThreshold: optional('stale_series_compaction_threshold', number()),
    retention: optional('retention', retention),
    chunkEncoding: optional('chunk_encoding', object({ floats: optional('floats', floats()) })),
  });
  const exemplars = object({ maxExemplars: optional('max_exemplars', integer()) });
  const section = object({ tsdb: optional('tsdb', tsdb), exemplars: optional('exemplars', exemplars) });
  return section.transform(
    ({ tsdb: written, exemplars }): StorageConfig => ({
      retentionMs: written?.retention?.time || undefined,
      retentionBytes: written?.retention?.size || undefined,
      outOfOrderWindowMs: written?.outOfOrderTimeWindow ?? 0,
      // Below 0 is off in Prometheus too.
      maxExemplars: Math.max(0, exemplars?.maxExemplars ?? DEFAULT_MAX_EXEMPLARS),
    }),
  );
}

/** What holds when there is no section `storage`. */
export const DEFAULT_STORAGE: StorageConfig = {
  retentionMs: undefined,
  retentionBytes: undefined,
  outOfOrderWindowMs: 0,
  maxExemplars: DEFAULT_MAX_EXEMPLARS,
};

function floats(): z.ZodType<string, unknown> {
  return textField((word, fail) =>
    word === 'xor' || word === 'xor2' || word === ''
      ? word
      : fail(
          `'storage.tsdb.chunk_encoding.floats' must be 'xor' or 'xor2', or the field must be omitted entirely, got "${word}"`,
        ),
  );
}

function percentage(): z.ZodType<number, unknown> {
  return z.unknown().transform((value, context) => {
    const share = scalarValue(value);
    if (typeof share === 'number' && share >= 0 && share <= 100) return share;
    const message = "'storage.tsdb.retention.percentage' must be in the range [0, 100]";
    context.issues.push({ code: 'custom', message, input: value, continue: true });
    return z.NEVER;
  }) as unknown as z.ZodType<number, unknown>;
}
