import { type FileHandle, open as openFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { BulkImport, ImportSeries } from '@tillwatch/tsdb';
import { InputError } from '../backtest/input-error.ts';
import { SampleLines } from './sample-lines.ts';

/** How far an import has come. */
export interface ImportProgress {
  /** 0 to 1; `undefined` when nobody knows how much there is. */
  readonly share: number | undefined;
  /** Samples read so far. */
  readonly samples: number;
}

/** How a file of samples is read. */
export interface ImportFileOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  /** What `-` stands for. Default: standard input. */
  readonly stdin?: Readable | undefined;
}

const CHUNK_BYTES = 4 << 20;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * Imports a file of samples with timestamps: OpenMetrics or the classic text format, also gzipped, from a path, an http or https
 * URL, or standard input (`-`). Returns how many samples were read.
 * @throws {InputError} at the first line that is no sample with a timestamp; what came before can be flushed
 * @throws {StoreError} when it cannot be written
 */
export async function importFile(from: string, store: BulkImport, options: ImportFileOptions = {}): Promise<number> {
  const { signal, onProgress } = options;
  const name = from === '-' ? 'standard input' : isUrl(from) ? withoutSecrets(from) : from;
  const { stream, size } = await open(from, name, options);
  let samples = 0;
  let readBytes = 0;
  const lines = new SampleLines<ImportSeries>(name, {
    series: (labels) => store.series(labels),
    append: (series, timestampMs, value) => {
      samples++;
      return series.append(timestampMs, value);
    },
    appendStale: (series, timestampMs) => {
      samples++;
      return series.appendStale(timestampMs);
    },
  });
  const counted = counting(stream, (bytes) => {
    readBytes += bytes;
  });
  try {
    for await (const chunk of unzipped(counted)) {
      signal?.throwIfAborted();
      lines.take(chunk);
      onProgress?.({ share: size === undefined ? undefined : readBytes / Math.max(1, size), samples });
    }
  } catch (cause) {
    if (signal?.aborted === true || !isReadFailure(cause)) throw cause;
    throw new InputError({ file: name }, `cannot be read: ${(cause as Error).message}`, hintFor(cause as Error));
  }
  lines.end();
  return samples;
}

interface Opened {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly size: number | undefined;
}

async function open(from: string, name: string, { stdin, signal }: ImportFileOptions): Promise<Opened> {
  if (from === '-') return { stream: stdin ?? process.stdin, size: undefined };
  if (isUrl(from)) return await fetched(from, name, signal);
  let file: FileHandle | undefined;
  try {
    file = await openFile(from);
    const facts = await file.stat();
    if (facts.isDirectory()) throw new InputError({ file: name }, 'it is a folder', 'name one of the files in it');
    return { stream: chunksOf(file), size: facts.isFile() ? facts.size : undefined };
  } catch (cause) {
    await file?.close();
    if (cause instanceof InputError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new InputError({ file: name }, code === 'ENOENT' ? 'there is no such file' : message);
  }
}

/** The bytes of a file, in turn in one of two buffers: the one before is written over. */
async function* chunksOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  const buffers = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)] as const;
  const read = (turn: number) => file.read(buffers[turn & 1]!, 0, CHUNK_BYTES);
  try {
    let next = read(0);
    for (let turn = 0; ; turn++) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      next = read(turn + 1);
      // Whoever is told of its failure waits for it first.
      next.catch(() => {});
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function fetched(url: string, name: string, signal: AbortSignal | undefined): Promise<Opened> {
  let response: Response;
  try {
    response = await fetch(bareUrl(url), {
      signal: signal ?? null,
      headers: { 'accept-encoding': 'identity', ...authorizationOf(url) },
      // A redirect would take the password elsewhere.
      redirect: url.includes('@') ? 'error' : 'follow',
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const { cause: inner, message } = cause as Error & { cause?: { code?: string } };
    throw new InputError({ file: name }, `no answer: ${inner?.code ?? message}`, 'is the address right?');
  }
  if (!response.ok || response.body === null) {
    throw new InputError({ file: name }, `the server answered ${response.status}`);
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  return { stream: response.body as AsyncIterable<Uint8Array>, size: Number.isFinite(length) ? length : undefined };
}

async function* counting(stream: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    count(chunk.length);
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }
}

/** The bytes themselves, unpacked if the first ones say that they are packed. */
async function* unzipped(stream: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    const first = await stream.next();
    if (first.done === true) return;
    const all = startingWith(first.value, stream);
    yield* GZIP_MAGIC.every((byte, i) => first.value[i] === byte) ? gunzipped(all) : all;
  } finally {
    await stream.return(undefined);
  }
}

async function* startingWith(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function* gunzipped(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: 1 << 20 });
  const pumped = pump(stream, gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
    await pumped;
  } finally {
    gunzip.destroy();
  }
}

async function pump(from: AsyncIterable<Buffer>, into: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of from) {
      // Until it is taken, the bytes may not be written over.
      const failure = await new Promise<unknown>((resolve) => into.write(chunk, resolve));
      if (failure instanceof Error) return;
    }
    into.end();
  } catch (cause) {
    into.destroy(cause as Error);
  }
}

function isReadFailure(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && /^(Z_|E[A-Z]|UND_|ERR_)/.test(String(cause.code));
}

function hintFor(cause: Error): string | undefined {
  return 'code' in cause && String(cause.code).startsWith('Z_') ? 'is the gzip file complete?' : undefined;
}

function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** A URL as it can be shown. */
function withoutSecrets(text: string): string {
  if (!URL.canParse(text)) return 'the URL';
  const url = new URL(text);
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** A URL without user and password, which go into a header. */
function bareUrl(text: string): URL {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url;
}

function authorizationOf(text: string): Record<string, string> {
  const { username, password } = new URL(text);
  if (username === '' && password === '') return {};
  const pair = decoded(`${username}:${password}`);
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function decoded(credentials: string): string {
  try {
    return decodeURIComponent(credentials);
  } catch {
    throw new InputError({ file: 'the URL' }, 'its user or password is not percent-encoded', 'write %25 for %');
  }
}
