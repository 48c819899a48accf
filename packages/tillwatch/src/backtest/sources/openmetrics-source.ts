import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SampleLines } from '../../import/sample-lines.ts';
import { InputError } from '../input-error.ts';
import { SampleSpool, type SpoolSeries } from '../spool/sample-spool.ts';
import type { BacktestSource, ReadOptions } from './source.ts';

const CHUNK_BYTES = 4 << 20;

/**
 * A file of samples with timestamps, as `promtool tsdb dump-openmetrics` writes it: of any length, series one after the other or
 * mixed. Samples of one series must come with rising timestamps.
 * @throws {InputError} at the first line that is no sample with a timestamp
 * @throws {SpoolError} when there are more samples than fit
 */
export async function openMetricsSource(file: string, options: ReadOptions = {}): Promise<BacktestSource> {
  const size = await sizeOf(file);
  const spool = new SampleSpool();
  try {
    const reader = new SampleLines<SpoolSeries>(file, {
      series: (labels) => spool.series(labels),
      append: (series, timestampMs, value) => series.append(timestampMs, value),
    });
    const stream = createReadStream(file, { highWaterMark: CHUNK_BYTES, signal: options.signal });
    for await (const chunk of stream) {
      reader.take(chunk as Buffer);
      options.onProgress?.({ share: size === 0 ? 1 : stream.bytesRead / size, samples: spool.sampleCount });
    }
    reader.end();
    const { firstMs, lastMs } = spool;
    if (firstMs === undefined || lastMs === undefined) throw new InputError({ file }, 'there are no samples in it');
    return { name: file, queryable: spool, firstMs, lastMs, notes: [], close: async () => spool.close() };
  } catch (error) {
    spool.close();
    throw error;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new InputError({ file }, why);
  }
}
