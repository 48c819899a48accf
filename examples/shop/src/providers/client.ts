import { Agent, request } from 'undici';

/** A call to another service that brought no usable answer, or an answer that says no. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly service: string;
  /** `timeout`, `connection`, `unavailable` (503), `server_error` (other 5xx), or the code in the service's answer. */
  readonly code: string;
  /** Whether the service understood the request and refused it, which is not a failure of anything. */
  readonly isRefusal: boolean;

  constructor(service: string, code: string, isRefusal: boolean, cause?: unknown) {
    super(`${service}: ${code.replaceAll('_', ' ')}`, { cause });
    this.service = service;
    this.code = code;
    this.isRefusal = isRefusal;
  }
}

/** Calls one service over HTTP with JSON, never longer than its time limit. */
export class ServiceClient {
  readonly #name: string;
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor(name: string, url: string, timeoutMs: number) {
    this.#name = name;
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({ connections: 64, pipelining: 1 });
  }

  /** @throws {ServiceError} */
  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path);
  }

  /** The same `idempotencyKey` means the same wish, however often it is sent. @throws {ServiceError} */
  post<T>(path: string, body: object, idempotencyKey: string): Promise<T> {
    return this.#call<T>('POST', path, body, idempotencyKey);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #call<T>(method: 'GET' | 'POST', path: string, body?: object, idempotencyKey?: string): Promise<T> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
    let status: number;
    let text: string;
    try {
      const response = await request(`${this.#url}${path}`, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      status = response.statusCode;
      text = await response.body.text();
    } catch (cause) {
      const isTimeout = (cause as Error).name === 'TimeoutError' || (cause as Error).name === 'AbortError';
      throw new ServiceError(this.#name, isTimeout ? 'timeout' : 'connection', false, cause);
    }
    if (status === 503) throw new ServiceError(this.#name, 'unavailable', false);
    if (status >= 500) throw new ServiceError(this.#name, 'server_error', false);
    const answer = parseJson(text);
    if (status < 400 && answer !== undefined) return answer as T;
    const code = (answer as { error?: { code?: unknown } } | undefined)?.error?.code;
    throw new ServiceError(this.#name, typeof code === 'string' ? code : 'bad_answer', typeof code === 'string');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
