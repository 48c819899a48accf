// What was read from a scenario file as plain numbers: reading it again is a matter of copying. Only for trying things out.
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Labels, type Series } from '@tillwatch/model';

interface Header {
  readonly size: number;
  readonly mtimeMs: number;
  /** Lengths of the distinct timestamp columns, in the order in which they follow. */
  readonly columns: readonly number[];
  /** For each series its labels and the index of its column; its values follow in the same order. */
  readonly series: readonly (readonly [labels: Readonly<Record<string, string>>, column: number])[];
}

function cachePath(file: string, dir: string): string {
  return join(dir, `${basename(file)}.bin`);
}

/** The series that were read from `file` before, unless there are none or the file has changed. */
export async function readCachedSeries(file: string, dir: string): Promise<Series[] | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(cachePath(file, dir));
  } catch {
    return undefined;
  }
  const headerLength = bytes.readUInt32LE(0);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Header;
  const { size, mtimeMs } = await stat(file).catch(() => header);
  if (size !== header.size || mtimeMs !== header.mtimeMs) return undefined;
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset + padded(8 + headerLength));
  let at = 0;
  const take = (length: number) => {
    at += length;
    return numbers.subarray(at - length, at);
  };
  const columns = header.columns.map(take);
  return header.series.map(([labels, column]) => ({
    labels: Labels.of(labels),
    timestampsMs: columns[column]!,
    values: take(columns[column]!.length),
  }));
}

/** Keeps the series of `file` for `readCachedSeries`. */
export async function writeCachedSeries(file: string, dir: string, series: readonly Series[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  const { size, mtimeMs } = await stat(file);
  const columns = [...new Set(series.map(({ timestampsMs }) => timestampsMs))];
  const index = new Map(columns.map((column, i) => [column, i]));
  const header: Header = {
    size,
    mtimeMs,
    columns: columns.map(({ length }) => length),
    series: series.map(({ labels, timestampsMs }) => [labels.toRecord(), index.get(timestampsMs)!]),
  };
  const text = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(padded(8 + text.length));
  start.writeUInt32LE(text.length, 0);
  text.copy(start, 8);
  const path = cachePath(file, dir);
  const handle = await open(`${path}.${process.pid}.tmp`, 'w');
  try {
    await handle.write(start);
    for (const column of [...columns, ...series.map(({ values }) => values)])
      if (column.length > 0) await handle.write(Buffer.from(column.buffer, column.byteOffset, column.byteLength));
  } finally {
    await handle.close();
  }
  await rename(`${path}.${process.pid}.tmp`, path);
}

/** Columns begin at multiples of eight bytes. */
function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
