import { STATUS_CODES } from 'node:http';
import type { ScrapeConfig } from '@tillwatch/config';
import type { Target } from '../target/target.ts';
import { acceptHeader } from './accept.ts';
import { type HttpClient, withoutCredentials } from './http-client.ts';
import { ScrapeError } from './scrape-error.ts';

/** A page is never larger than this, whatever the config says: it has to be held in memory. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** A target's metrics page. */
export interface Page {
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  /** To be called once the page was read: the memory of its body is then used for others. */
  release(): void;
}

/**
 * Fetches a target's metrics page. The whole page is in memory before anything of it counts.
 * @throws {ScrapeError}, or the signal's reason when it is aborted.
 */
export async function fetchPage(
  target: Target,
  settings: ScrapeConfig,
  client: HttpClient,
  signal: AbortSignal,
): Promise<Page> {
  const { bodySizeLimitBytes, enableCompression } = settings;
  const { status, url, body, header, release } = await client.get({
    url: target.url,
    headers: {
      accept: [acceptHeader(settings)],
      'accept-encoding': [enableCompression ? 'gzip' : 'identity'],
      'user-agent': ['Tillwatch'],
      'x-prometheus-scrape-timeout-seconds': [String(target.timeoutMs / 1000)],
    },
    limitBytes: bodySizeLimitBytes > 0 ? Math.min(bodySizeLimitBytes, LARGEST_BODY_BYTES) : LARGEST_BODY_BYTES,
    signal,
  });
  if (status !== 200) {
    const moved = url === target.url ? '' : ` (redirected to ${withoutCredentials(url)})`;
    throw new ScrapeError('status', `server returned HTTP status ${statusText(status)}${moved}`);
  }
  return { body, contentType: header('content-type'), release };
}

/** An HTTP status with its name. */
export function statusText(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? ''}`.trim();
}
