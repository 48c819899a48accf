import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { parseRetryAfter } from './backoff.ts';
import { NotifyError, type NotifyReason } from './notify-error.ts';

/** One POST of JSON. */
interface HttpPost {
  /** May be a secret as a whole: never printed. */
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** What came back. Whatever the status: judging it is the notifier's business. */
export interface HttpAnswer {
  readonly status: number;
  /** The beginning of the body. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/** How connections are made; file contents, not names. */
export interface HttpClientOptions {
  readonly proxyUrl?: string | undefined;
  readonly tls?:
    | {
        readonly ca?: string | undefined;
        readonly cert?: string | undefined;
        readonly key?: string | undefined;
        readonly serverName?: string | undefined;
        readonly insecureSkipVerify?: boolean | undefined;
      }
    | undefined;
}

/** Sends one request at a time over kept connections. */
export interface HttpClient {
  /** Never follows a redirect. @throws {NotifyError} when no answer came. */
  post(post: HttpPost, signal: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/** Answers are short words; more than this is somebody's error page. */
const MAX_ANSWER_BYTES = 16_384;

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const dispatcher = createDispatcher(options);
  return {
    async post(post, signal) {
      const url = checkUrl(post.url);
      try {
        const answer = await request(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': 'Tillwatch', ...post.headers },
          body: post.body,
          dispatcher,
          signal,
          headersTimeout: post.timeoutMs,
          bodyTimeout: post.timeoutMs,
        });
        const retryAfter = answer.headers['retry-after'];
        return {
          status: answer.statusCode,
          body: await readStart(answer.body),
          retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        };
      } catch (error) {
        if (signal.aborted && signal.reason instanceof NotifyError) throw signal.reason;
        throw connectionError(error, url);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function createDispatcher(options: HttpClientOptions): Dispatcher {
  const { tls, proxyUrl } = options;
  const connect = {
    timeout: 10_000,
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls?.key === undefined ? {} : { key: tls.key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls?.insecureSkipVerify !== true,
  };
  const common = { connections: 2, keepAliveTimeout: 10_000 };
  if (proxyUrl !== undefined) return new ProxyAgent({ uri: proxyUrl, requestTls: connect, ...common });
  return new Agent({ connect, ...common });
}

function checkUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // The text may be a secret with a blank too many: it is not shown.
    throw new NotifyError('configuration', 'the URL of the receiver is not an http or https URL', {
      hint: 'copy the whole address, beginning with https://',
    });
  }
  return url;
}

async function readStart(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop ends the connection: nobody makes us read for ever.
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
}

/** Where a request went, for people: the host alone, since the path of a webhook is its password. */
export function hostOf(url: string | URL): string {
  if (typeof url !== 'string') return url.host;
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL';
}

const CONNECTION_CODES: Readonly<Record<string, readonly [reason: NotifyReason, words: string]>> = {
  ECONNREFUSED: ['connection', 'refuses connections'],
  ECONNRESET: ['connection', 'closed the connection'],
  ENOTFOUND: ['connection', 'is not known to the name server'],
  EAI_AGAIN: ['connection', 'cannot be looked up: the name server does not answer'],
  EHOSTUNREACH: ['connection', 'cannot be reached'],
  ENETUNREACH: ['connection', 'cannot be reached'],
  ETIMEDOUT: ['timeout', 'does not answer'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'does not answer'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout', 'took the message and did not answer in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout', 'did not finish its answer in time'],
  UND_ERR_SOCKET: ['connection', 'closed the connection'],
  UND_ERR_ABORTED: ['timeout', 'did not answer in time'],
};

function connectionError(error: unknown, url: URL): NotifyError {
  const code = errorCode(error);
  const known = CONNECTION_CODES[code];
  if (known !== undefined) return new NotifyError(known[0], `${url.host} ${known[1]}`, { cause: error });
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    return new NotifyError('tls', `the certificate of ${url.host} was not accepted (${code})`, {
      cause: error,
      hint: 'set tls_config.ca_file to the authority that signed it',
    });
  }
  return new NotifyError('connection', `the request to ${url.host} failed (${code})`, { cause: error });
}

function errorCode(error: unknown): string {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const code: unknown = (e as { code?: unknown }).code;
    if (typeof code === 'string') return code;
    if (e instanceof AggregateError && e.errors[0] instanceof Error) return errorCode(e.errors[0]);
  }
  return error instanceof Error ? error.name : 'unknown error';
}

/**
 * Turns a status that is no success into an error as Alertmanager words it: `unexpected status code 503: retry later`.
 * `detail` is what the receiver said, already free of secrets. `undefined` when the status is 2xx.
 */
export function statusError(
  status: number,
  detail: string,
  retryAfter: string | undefined,
  nowMs: number,
): NotifyError | undefined {
  if (status >= 200 && status < 300) return undefined;
  const message = `unexpected status code ${status}${detail === '' ? '' : `: ${detail}`}`;
  const reason = reasonOfStatus(status);
  const retryAfterMs = status === 429 || status === 503 ? parseRetryAfter(retryAfter, nowMs) : undefined;
  const hint =
    status >= 300 && status < 400 ? 'redirects are not followed: configure the address that it leads to' : undefined;
  return new NotifyError(reason, message, { retryAfterMs, hint });
}

function reasonOfStatus(status: number): NotifyReason {
  if (status === 401 || status === 403) return 'auth';
  if (status === 408) return 'timeout';
  if (status === 429) return 'rate-limited';
  return status >= 500 ? 'server' : 'client';
}
