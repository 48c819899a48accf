import { STATUS_CODES } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ScrapeConfig } from '@tillwatch/config';
import { type Dispatcher, request } from 'undici';
import type { Target } from '../target/target.ts';
import { acceptHeader } from './accept.ts';
import { credentialHeaders } from './credentials.ts';
import { ScrapeError } from './scrape-error.ts';

/** A page is never larger than this, whatever the config says: it has to be held in memory. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;
const MOST_REDIRECTS = 10;

export interface Page {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
}

/**
 * Fetches a target's metrics page, following redirects if the job allows them. The whole page is in memory before anything
 * of it counts. @throws {ScrapeError}, or the signal's reason when it is aborted.
 */
export async function fetchPage(
  target: Target,
  settings: ScrapeConfig,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Page> {
  try {
    const { response, url } = await follow(target, settings, dispatcher, signal);
    if (response.statusCode !== 200) {
      giveUp(response);
      const status = `${response.statusCode} ${STATUS_CODES[response.statusCode] ?? ''}`.trim();
      const moved = url === target.url ? '' : ` (redirected to ${withoutCredentials(url)})`;
      throw new ScrapeError('status', `server returned HTTP status ${status}${moved}`);
    }
    const body = await readBody(response, settings.bodySizeLimitBytes);
    return { body, contentType: header(response, 'content-type') };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof ScrapeError) throw cause;
    throw new ScrapeError('connection', explain(cause), { cause });
  }
}

async function follow(target: Target, settings: ScrapeConfig, dispatcher: Dispatcher, signal: AbortSignal) {
  const own = {
    accept: [acceptHeader(settings)],
    'accept-encoding': [settings.enableCompression ? 'gzip' : 'identity'],
    'user-agent': ['Tillwatch'],
    'x-prometheus-scrape-timeout-seconds': [String(target.timeoutMs / 1000)],
  };
  const credentials = await credentialHeaders(settings);
  let url = target.url;
  let headers: Record<string, string[]> = { ...own, ...credentials };
  for (let redirects = 0; ; redirects++) {
    const response = await request(url, { method: 'GET', headers, dispatcher, signal });
    const location = header(response, 'location');
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode) && location !== undefined;
    if (!isRedirect || !settings.followRedirects) return { response, url };
    giveUp(response);
    if (redirects === MOST_REDIRECTS) throw new ScrapeError('status', `stopped after ${MOST_REDIRECTS} redirects`);
    const next = new URL(location, url);
    // Whoever the target sends us to does not get its credentials.
    if (next.origin !== new URL(url).origin) headers = own;
    url = next.href;
  }
}

async function readBody(response: Dispatcher.ResponseData, bodySizeLimitBytes: number): Promise<Uint8Array> {
  const limit = bodySizeLimitBytes > 0 ? Math.min(bodySizeLimitBytes, LARGEST_BODY_BYTES) : LARGEST_BODY_BYTES;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > limit) {
      giveUp(response);
      throw bodyTooLarge(limit);
    }
    chunks.push(chunk);
  }
  const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  const encoding = header(response, 'content-encoding')?.toLowerCase() ?? 'identity';
  if (encoding === 'identity') return body;
  if (encoding !== 'gzip')
    throw new ScrapeError('format', `the target sent Content-Encoding "${encoding}", which was not asked for`);
  try {
    return await promisify(gunzip)(body, { maxOutputLength: limit });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(limit);
    throw new ScrapeError('format', `the gzip answer of the target cannot be unpacked: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Closes an answer whose body nobody wants. */
function giveUp(response: Dispatcher.ResponseData): void {
  response.body.on('error', () => {});
  response.body.destroy();
}

function bodyTooLarge(limit: number): ScrapeError {
  return new ScrapeError('body-size', `body size limit exceeded: the page is larger than ${limit} bytes`);
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A URL for messages: without user and password. */
export function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host could not be resolved',
  ECONNRESET: 'the target closed the connection',
  UND_ERR_SOCKET: 'the target closed the connection before its answer was complete',
  EHOSTUNREACH: 'no route to the host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed: name its CA in tls_config.ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is self-signed: name its CA in tls_config.ca_file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate cannot be verified: name its CA in tls_config.ca_file',
  CERT_HAS_EXPIRED: 'the certificate has expired',
};

function explain(cause: unknown): string {
  const error = cause as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  const code = error.code ?? error.errors?.[0]?.code ?? '';
  const detail = error.message || error.errors?.[0]?.message || String(cause);
  return CODES[code] === undefined ? detail : `${CODES[code]} (${detail})`;
}
