import { randomBytes } from 'node:crypto';
import { Script } from 'node:vm';
import { Agent, request } from 'undici';

/** An answer of the shop, read to its end. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

/** The shop did not answer, or not in the time that the customer had. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** The scripts that browsers have loaded before, by their ETag, and whether they run. Shared: all customers have a cache. */
interface KnownScript {
  readonly etag: string;
  readonly runs: boolean;
}

/** What all customers' browsers share: connections to the shop and the cache of its script. */
export class Network {
  readonly agent = new Agent({ connections: 64, pipelining: 1, keepAliveTimeout: 4000 });
  script: KnownScript | undefined;

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** A customer's browser: keeps cookies, follows no redirect by itself, and gives up when its owner does. */
export class Browser {
  readonly #network: Network;
  readonly #origin: string;
  readonly #patienceMs: number;
  readonly #cookies = new Map<string, string>();

  constructor(network: Network, origin: string, patienceMs: number) {
    this.#network = network;
    this.#origin = origin;
    this.#patienceMs = Math.ceil(patienceMs);
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path, {});
  }

  postForm(path: string, form: Readonly<Record<string, string>>): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#send('POST', path, headers, new URLSearchParams(form).toString());
  }

  postJson(path: string, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json', traceparent: newTrace() };
    return this.#send('POST', path, headers, JSON.stringify(body));
  }

  /** Loads a page's script as a browser does, and says whether it can be run at all. */
  async canRun(path: string): Promise<boolean> {
    const known = this.#network.script;
    const response = await this.#request('GET', path, known === undefined ? {} : { 'if-none-match': known.etag });
    const text = await response.body.text();
    if (response.statusCode === 304 && known !== undefined) return known.runs;
    if (response.statusCode !== 200) return false;
    const script = { etag: String(response.headers.etag ?? ''), runs: compiles(text) };
    this.#network.script = script;
    return script.runs;
  }

  async #send(method: 'GET' | 'POST', path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const response = await this.#request(method, path, headers, body);
    const cookies = response.headers['set-cookie'] ?? [];
    for (const cookie of typeof cookies === 'string' ? [cookies] : cookies) {
      const [name = '', value = ''] = (cookie.split(';')[0] as string).split('=');
      this.#cookies.set(name, value);
    }
    const location = response.headers.location;
    try {
      const text = await response.body.text();
      return { status: response.statusCode, text, location: typeof location === 'string' ? location : undefined };
    } catch (cause) {
      throw new NoAnswerError(`${method} ${path}: the answer broke off`, { cause });
    }
  }

  async #request(method: 'GET' | 'POST', path: string, headers: Record<string, string>, body?: string) {
    const signal = AbortSignal.timeout(this.#patienceMs);
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    try {
      return await request(`${this.#origin}${path}`, {
        method,
        headers: cookie === '' ? headers : { ...headers, cookie },
        body: body ?? null,
        dispatcher: this.#network.agent,
        signal,
      });
    } catch (cause) {
      throw new NoAnswerError(`${method} ${path}: no answer`, { cause });
    }
  }
}

/** A trace that begins here, as instrumented scripts send it (W3C trace context). */
function newTrace(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;
}

/** Compiles without running: a script that was cut off is a syntax error, for us as for a browser. */
function compiles(source: string): boolean {
  try {
    new Script(source);
    return true;
  } catch {
    return false;
  }
}
