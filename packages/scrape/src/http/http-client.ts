import { isDeepStrictEqual, promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { HttpClientConfig } from '@tillwatch/config';
import type { Clock } from '@tillwatch/model';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { AccessToken } from './access-token.ts';
import { type BodyBuffer, BodyBuffers } from './body-buffers.ts';
import { credentialHeaders } from './credentials.ts';
import { type Environment, proxyFor } from './proxy.ts';
import { ScrapeError } from './scrape-error.ts';
import { type TlsOptions, tlsOptions } from './tls.ts';

const MOST_REDIRECTS = 10;
const MOST_TOKEN_BYTES = 1024 * 1024;

/** Time limits are those of whoever asks, by a signal. */
const LIMITS = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 65_000, maxHeaderSize: 65_536 };

/** Of all clients: many jobs have one target. */
const buffers = new BodyBuffers();

type Headers = Readonly<Record<string, string[]>>;

/** What is fetched, and how long and large that may be. */
export interface HttpGet {
  readonly url: string;
  /** By lower-case name; credentials are added to them. */
  readonly headers: Headers;
  /** Bytes of the body, unpacked. */
  readonly limitBytes: number;
  readonly signal: AbortSignal;
}

/** A complete answer, unpacked. `body` is empty when the status is not 200. */
export interface HttpAnswer {
  readonly status: number;
  /** Where it came from, after redirects. */
  readonly url: string;
  readonly body: Uint8Array;
  /** The first value of a header; the name is in lower case. */
  header(name: string): string | undefined;
  /** To be called by whoever will not look at `body` any more: its memory is then used for others. */
  release(): void;
}

/** The connections that one set of TLS files allows. */
interface Connections {
  readonly tls: TlsOptions;
  readonly direct: Dispatcher;
  readonly byProxy: Map<string, Dispatcher>;
}

/**
 * Fetches pages as an HTTP client config says: credentials, TLS, proxies, redirects. Connections are kept open between requests.
 * Files of credentials and certificates are read anew for each request, so that they can be rotated.
 */
export class HttpClient {
  readonly #config: HttpClientConfig;
  readonly #environment: Environment;
  readonly #token: AccessToken | undefined;
  readonly #tokenClient: HttpClient | undefined;
  #connections: Connections | undefined;

  constructor(config: HttpClientConfig, ports: { readonly clock: Clock; readonly environment: Environment }) {
    this.#config = config;
    this.#environment = ports.environment;
    const { oauth2 } = config;
    if (oauth2 === undefined) return;
    const { tls, proxyUrl, noProxy, proxyFromEnvironment, proxyConnectHeader } = oauth2;
    const own = { tls, proxyUrl, noProxy, proxyFromEnvironment, proxyConnectHeader };
    const client = new HttpClient(
      { ...config, ...own, basicAuth: undefined, authorization: undefined, oauth2: undefined, headers: {} },
      ports,
    );
    this.#tokenClient = client;
    this.#token = new AccessToken(
      oauth2,
      (headers, form, signal) => client.#post(oauth2.tokenUrl, headers, form, signal),
      ports.clock,
    );
  }

  /**
   * Fetches a page, following redirects if the config allows them.
   * @throws {ScrapeError} when it cannot be had, or the reason of the signal when that is aborted.
   */
  async get({ url: first, headers: own, limitBytes, signal }: HttpGet): Promise<HttpAnswer> {
    return inOurWords(signal, async () => {
      let headers: Headers = { ...own, ...(await this.#credentials(signal)) };
      let url = first;
      for (let redirects = 0; ; redirects++) {
        const response = await request(url, {
          method: 'GET',
          headers,
          dispatcher: await this.#dispatcherFor(url),
          signal,
        });
        const location = headerOf(response, 'location');
        const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode) && location !== undefined;
        if (!isRedirect || !this.#config.followRedirects) return await this.#answer(response, url, limitBytes);
        giveUp(response);
        if (redirects === MOST_REDIRECTS) throw new ScrapeError('status', `stopped after ${MOST_REDIRECTS} redirects`);
        const next = new URL(location, url);
        // Whoever the target sends us to does not get its credentials.
        if (next.origin !== new URL(url).origin) headers = own;
        url = next.href;
      }
    });
  }

  /** Closes the connections once the requests that are under way are over. */
  async close(): Promise<void> {
    await Promise.all([...dispatchersOf(this.#connections).map((one) => one.close()), this.#tokenClient?.close()]);
  }

  /** Closes the connections at once. */
  async destroy(): Promise<void> {
    await Promise.all([...dispatchersOf(this.#connections).map((one) => one.destroy()), this.#tokenClient?.destroy()]);
  }

  async #credentials(signal: AbortSignal): Promise<Headers> {
    const headers = await credentialHeaders(this.#config);
    return this.#token === undefined ? headers : { ...headers, authorization: [await this.#token.header(signal)] };
  }

  async #answer(response: Dispatcher.ResponseData, url: string, limitBytes: number): Promise<HttpAnswer> {
    const { statusCode: status } = response;
    if (status === 401) this.#token?.forget();
    const isGood = status === 200;
    if (!isGood) giveUp(response);
    const { body, release } = isGood ? await readBody(response, limitBytes) : EMPTY;
    return { status, url, body, header: (name) => headerOf(response, name), release };
  }

  async #post(url: string, headers: Headers, body: string, signal: AbortSignal) {
    return inOurWords(signal, async () => {
      const dispatcher = await this.#dispatcherFor(url);
      const own = { accept: ['application/json'], 'accept-encoding': ['identity'], 'user-agent': ['Tillwatch'] };
      const response = await request(url, {
        method: 'POST',
        headers: { ...own, ...headers },
        body,
        dispatcher,
        signal,
      });
      return { status: response.statusCode, body: (await readBody(response, MOST_TOKEN_BYTES)).body };
    });
  }

  async #dispatcherFor(url: string): Promise<Dispatcher> {
    const connections = await this.#connect();
    const target = new URL(url);
    const proxy = proxyFor(target, this.#config, this.#environment);
    if (proxy === undefined) return connections.direct;
    // Plain pages are asked for by their whole URL, encrypted ones through a tunnel, as clients do it everywhere.
    const isTunnel = target.protocol === 'https:';
    const key = `${isTunnel} ${proxy}`;
    let dispatcher = connections.byProxy.get(key);
    if (dispatcher === undefined) {
      dispatcher = this.#proxyAgent(proxy, isTunnel, connections.tls);
      connections.byProxy.set(key, dispatcher);
    }
    return dispatcher;
  }

  #proxyAgent(uri: string, isTunnel: boolean, tls: TlsOptions): Dispatcher {
    if (!/^https?:\/\//i.test(uri) || !URL.canParse(uri)) {
      throw new ScrapeError('config', 'the proxy is not an http or https URL: write http://host:port');
    }
    const headers = Object.entries(this.#config.proxyConnectHeader).map(([name, values]) => [
      name.toLowerCase(),
      values.map((value) => value.reveal()).join(', '),
    ]);
    return new ProxyAgent({
      ...LIMITS,
      uri,
      requestTls: tls,
      proxyTunnel: isTunnel,
      headers: isTunnel ? Object.fromEntries(headers) : {},
    });
  }

  /** The connections with the certificates as they are on disk now. Those of certificates that were rotated are given up. */
  async #connect(): Promise<Connections> {
    const tls = await tlsOptions(this.#config.tls);
    const current = this.#connections;
    if (current !== undefined && isDeepStrictEqual(current.tls, tls)) return current;
    const direct = new Agent({
      ...LIMITS,
      allowH2: this.#config.enableHttp2,
      connect: { ...tls, timeout: 0 },
    });
    this.#connections = { tls, direct, byProxy: new Map() };
    for (const old of dispatchersOf(current)) void old.close();
    return this.#connections;
  }
}

function dispatchersOf(connections: Connections | undefined): Dispatcher[] {
  return connections === undefined ? [] : [connections.direct, ...connections.byProxy.values()];
}

/** Runs a request so that it fails with a reason for people. */
async function inOurWords<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof ScrapeError) throw cause;
    throw new ScrapeError('connection', explain(cause), { cause });
  }
}

type Body = Pick<HttpAnswer, 'body' | 'release'>;

const EMPTY: Body = { body: new Uint8Array(0), release: () => {} };

async function readBody(response: Dispatcher.ResponseData, limit: number): Promise<Body> {
  const buffer = buffers.take();
  let isKept = false;
  try {
    await fill(buffer, response, limit);
    const encoding = headerOf(response, 'content-encoding')?.toLowerCase() ?? 'identity';
    if (encoding === 'gzip') return { body: await unpacked(buffer.bytes, limit), release: EMPTY.release };
    if (encoding !== 'identity') {
      throw new ScrapeError('format', `the target sent Content-Encoding "${encoding}", which was not asked for`);
    }
    isKept = true;
    return { body: buffer.bytes, release: once(() => buffers.giveBack(buffer)) };
  } finally {
    if (!isKept) buffers.giveBack(buffer);
  }
}

/** A buffer that is given back twice would be two pages at once. */
function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}

async function fill(buffer: BodyBuffer, response: Dispatcher.ResponseData, limit: number): Promise<void> {
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    if (buffer.length + chunk.length > limit) {
      giveUp(response);
      throw bodyTooLarge(limit);
    }
    buffer.add(chunk);
  }
}

async function unpacked(body: Uint8Array, limit: number): Promise<Uint8Array> {
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

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A URL for messages: without user and password. */
export function withoutCredentials(url: string): string {
  const shown = new URL(url);
  // As it was written: a default port would get lost.
  if (shown.username === '' && shown.password === '') return url;
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
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host: set tls_config.server_name to a name in it',
  CERT_HAS_EXPIRED: 'the certificate has expired',
};

function explain(cause: unknown): string {
  const error = cause as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] };
  const code = error.code ?? error.errors?.[0]?.code ?? '';
  const detail = error.message || error.errors?.[0]?.message || String(cause);
  return CODES[code] === undefined ? detail : `${CODES[code]} (${detail})`;
}
