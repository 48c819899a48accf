import type { OAuth2 } from '@tillwatch/config';
import type { Clock } from '@tillwatch/model';
import { readSecretFile } from './read-file.ts';
import { ScrapeError } from './scrape-error.ts';

/** A token is renewed so long before it ends, so that it does not end on its way. */
const RENEWED_BEFORE_MS = 10_000;

/** An answer of the authorization server. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Sends a form to the authorization server. */
export type PostForm = (
  headers: Readonly<Record<string, string[]>>,
  form: string,
  signal: AbortSignal,
) => Promise<TokenAnswer>;

interface Token {
  /** What goes into the Authorization header. */
  readonly header: string;
  readonly endsAtMs: number;
  /** The secret that it was fetched with: another one wants another token. */
  readonly secret: string;
}

/** The access token of a client (OAuth 2.0, client credentials grant), fetched when it is needed and kept until it ends. */
export class AccessToken {
  readonly #config: OAuth2;
  readonly #post: PostForm;
  readonly #clock: Clock;
  #token: Token | undefined;
  #fetching: Promise<Token> | undefined;
  /** Servers take the client's name and secret in a header or in the form; which one is found out once. */
  #isInForm: boolean | undefined;

  constructor(config: OAuth2, post: PostForm, clock: Clock) {
    this.#config = config;
    this.#post = post;
    this.#clock = clock;
  }

  /** The value of the Authorization header. @throws {ScrapeError} when the server gives no token. */
  async header(signal: AbortSignal): Promise<string> {
    const { clientSecret, clientSecretFile } = this.#config;
    const isInFile = clientSecretFile !== undefined && clientSecretFile !== '';
    const secret = isInFile ? await readSecretFile(clientSecretFile) : (clientSecret?.reveal() ?? '');
    for (;;) {
      const token = this.#token;
      if (token !== undefined && token.secret === secret && this.#clock.nowMs() < token.endsAtMs - RENEWED_BEFORE_MS) {
        return token.header;
      }
      if (this.#fetching === undefined) {
        this.#fetching = this.#fetch(secret, signal);
        try {
          this.#token = await this.#fetching;
          return this.#token.header;
        } finally {
          this.#fetching = undefined;
        }
      }
      // Another target of the job is at it. If that one gives up, it is our turn.
      const isRefused = await this.#fetching.then(
        () => undefined,
        (error: unknown) => (error instanceof ScrapeError && error.reason !== 'timeout' ? error : undefined),
      );
      if (isRefused !== undefined) throw isRefused;
      signal.throwIfAborted();
    }
  }

  /** The server of the target did not take the token: the next request fetches another one. */
  forget(): void {
    this.#token = undefined;
  }

  async #fetch(secret: string, signal: AbortSignal): Promise<Token> {
    let answer = await this.#ask(secret, this.#isInForm ?? false, signal);
    let isInForm = this.#isInForm ?? false;
    if (!isGood(answer) && this.#isInForm === undefined) {
      isInForm = true;
      answer = await this.#ask(secret, true, signal);
    }
    const text = Buffer.from(answer.body).toString('utf8');
    if (!isGood(answer)) {
      throw new ScrapeError('auth', `the token server answered with HTTP status ${answer.status}${reasonIn(text)}`);
    }
    this.#isInForm = isInForm;
    const { access_token: value, token_type: type, expires_in: seconds } = readJson(text);
    if (typeof value !== 'string' || value === '') {
      throw new ScrapeError('auth', 'the answer of the token server has no access_token');
    }
    const scheme = typeof type === 'string' && type !== '' && type.toLowerCase() !== 'bearer' ? type : 'Bearer';
    const lifeMs = Number(seconds ?? 0) * 1000;
    const endsAtMs = lifeMs > 0 ? this.#clock.nowMs() + lifeMs : Number.POSITIVE_INFINITY;
    return { header: `${scheme} ${value}`, endsAtMs, secret };
  }

  #ask(secret: string, isInForm: boolean, signal: AbortSignal): Promise<TokenAnswer> {
    const { clientId, scopes, endpointParams } = this.#config;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    for (const [name, value] of Object.entries(endpointParams)) form.set(name, String(value));
    const headers: Record<string, string[]> = { 'content-type': ['application/x-www-form-urlencoded'] };
    if (isInForm) {
      form.set('client_id', clientId);
      form.set('client_secret', secret);
    } else {
      const pair = `${formEncoded(clientId)}:${formEncoded(secret)}`;
      headers.authorization = [`Basic ${Buffer.from(pair).toString('base64')}`];
    }
    return this.#post(headers, form.toString(), signal);
  }
}

/** As in a form, which is how the standard wants it in the header too. */
function formEncoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}

function isGood({ status }: TokenAnswer): boolean {
  return status >= 200 && status < 300;
}

function readJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What the server says went wrong, by the words of the standard; never what it may have repeated of the request. */
function reasonIn(text: string): string {
  const { error } = readJson(text);
  return typeof error === 'string' && /^[a-z_]{1,60}$/.test(error) ? `: ${error}` : '';
}
