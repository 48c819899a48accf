import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { QueryError } from '@tillwatch/promql';
import { openTsdb } from '@tillwatch/tsdb';
import { openMetricsText } from '../export/openmetrics-text.ts';
import { readMoment } from './moment.ts';
import { CliError, type Terminal } from './terminal.ts';

/** The flags of `tillwatch export`. */
export interface ExportCommandOptions {
  readonly data: string;
  readonly match?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  /** A name that ends in `.gz` is packed. */
  readonly out?: string;
  readonly gzip?: boolean;
}

/** Writes the samples of a store, which a running process may be writing, as OpenMetrics text. */
export async function exportCommand(terminal: Terminal, options: ExportCommandOptions): Promise<number> {
  const { data, out, match = [] } = options;
  const store = await openTsdb(data, { retentionMs: Number.MAX_SAFE_INTEGER, readOnly: true });
  // A file that is there stays what it is until the new one is whole.
  const unfinished = out === undefined ? undefined : `${out}.${process.pid}.part`;
  try {
    const toMs = options.to === undefined ? Number.MAX_SAFE_INTEGER : readMoment('--to', options.to, Date.now());
    const fromMs =
      options.from === undefined
        ? Number.MIN_SAFE_INTEGER
        : readMoment('--from', options.from, Math.min(toMs, Date.now()));
    if (fromMs > toMs) throw new CliError('--from is not before --to');
    const isPacked = options.gzip === true || out?.endsWith('.gz') === true;
    const sink = sinkOf(terminal, unfinished, isPacked);
    let [samples, series] = [0, 0];
    for (const piece of openMetricsText(store, { selectors: match, fromMs, toMs })) {
      ({ samples, series } = piece);
      await sink.write(piece.text);
    }
    await sink.end();
    if (out !== undefined && unfinished !== undefined) {
      await rename(unfinished, out);
      terminal.err(
        `${samples.toLocaleString('en')} samples of ${series.toLocaleString('en')} series written to ${out}.\n`,
      );
    }
    return 0;
  } catch (error) {
    if (unfinished !== undefined) await rm(unfinished, { force: true });
    throw shown(error);
  } finally {
    await store.close();
  }
}

/** Where text goes, no faster than it is taken. */
interface Sink {
  write(text: string): Promise<void>;
  end(): Promise<void>;
}

function sinkOf(terminal: Terminal, file: string | undefined, isPacked: boolean): Sink {
  if (file === undefined && !isPacked) {
    return {
      async write(text) {
        terminal.out(text);
        if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
      },
      async end() {},
    };
  }
  const target = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 });
  const gzip = isPacked ? createGzip() : undefined;
  gzip?.pipe(target, { end: file !== undefined });
  const entry: Writable = gzip ?? target;
  const done = finished(file === undefined ? entry : target);
  // Looked at when the next text is written, or at the end.
  done.catch(() => {});
  return {
    async write(text) {
      if (!entry.write(text)) await Promise.race([once(entry, 'drain'), done]);
    },
    async end() {
      entry.end();
      await done;
    },
  };
}

function shown(error: unknown): unknown {
  const isExpected = error instanceof QueryError || (error as NodeJS.ErrnoException).code !== undefined;
  return isExpected ? new CliError((error as Error).message, { cause: error }) : error;
}
