import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HttpClientConfig, type OAuth2, Secret, type TlsConfig } from '@tillwatch/config';
import { ManualClock } from '@tillwatch/model/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { HttpClient } from '../src/http/http-client.ts';
import { type Environment, proxyFor } from '../src/http/proxy.ts';
import { type Certificate, CertificateAuthority } from './certificates.ts';
import { loopback } from './loopback.ts';
import { job } from './settings.ts';

const LARGE = 1_000_000;

function client(settings: Partial<HttpClientConfig>, environment: Environment = {}, clock = new ManualClock(1e12)) {
  const made = new HttpClient({ ...job({}), ...settings }, { clock, environment });
  onTestFinished(() => made.destroy());
  return {
    clock,
    async get(url: string, headers: Record<string, string[]> = {}) {
      const { signal } = new AbortController();
      const { status, body } = await made.get({ url, headers, limitBytes: LARGE, signal });
      return `${status} ${Buffer.from(body).toString('utf8')}`;
    },
  };
}

test('bodies that come in at the same time are kept apart, and those that were read make room for others', async () => {
  const server = createPlainServer(({ url }, response) => {
    const letter = url!.slice(1);
    for (let i = 0; i < 10; i++) response.write(letter.repeat(20_000));
    response.end();
  });
  const port = await listening(server);
  const made = new HttpClient(job({}), { clock: new ManualClock(1e12), environment: {} });
  onTestFinished(() => made.destroy());
  const { signal } = new AbortController();
  const read = (letter: string) =>
    made.get({ url: `http://127.0.0.1:${port}/${letter}`, headers: {}, limitBytes: LARGE, signal });
  const memory = new Set<ArrayBufferLike>();
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all([...'abcdef'].map(read));
    for (const [i, { body }] of answers.entries()) {
      expect(Buffer.from(body).toString('latin1')).toBe('abcdef'[i]!.repeat(200_000));
      memory.add(body.buffer);
    }
    for (const answer of answers) {
      answer.release();
      answer.release();
    }
  }
  // Four of the six are kept each time.
  expect(memory.size).toBe(6 + 2 + 2);
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tillwatch-http-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function tls(settings: Partial<TlsConfig>): Partial<HttpClientConfig> {
  return {
    tls: {
      ca: undefined,
      caFile: undefined,
      cert: undefined,
      certFile: undefined,
      key: undefined,
      keyFile: undefined,
      serverName: undefined,
      insecureSkipVerify: false,
      minVersion: undefined,
      maxVersion: undefined,
      ...settings,
    },
  };
}

describe('TLS', () => {
  let authority: CertificateAuthority;
  let server: Certificate;
  let named: Certificate;
  let till: Certificate;
  beforeAll(() => {
    authority = new CertificateAuthority();
    server = authority.issue('server', 'IP:127.0.0.1');
    named = authority.issue('named', 'DNS:shop.test');
    till = authority.issue('till', 'DNS:till.test');
  });
  afterAll(() => authority.remove());

  async function serve(options: ServerOptions, answer: RequestListener = (_, response) => void response.end('a 1\n')) {
    return `https://127.0.0.1:${await listening(createTlsServer(options, answer))}/metrics`;
  }

  test('a certificate of an unknown authority is refused with what to do; a known one is trusted, from text or file', async () => {
    const url = await serve(server);
    await expect(client({}).get(url)).rejects.toThrow(/cannot be verified: name its CA in tls_config\.ca_file/);
    expect(await client(tls({ ca: authority.own.cert })).get(url)).toBe('200 a 1\n');
    expect(await client(tls({ caFile: authority.own.certFile })).get(url)).toBe('200 a 1\n');
    expect(await client(tls({ insecureSkipVerify: true })).get(url)).toBe('200 a 1\n');
  });

  test('server_name says which name the certificate must have', async () => {
    const url = await serve(named);
    const ca = authority.own.cert;
    await expect(client(tls({ ca })).get(url)).rejects.toThrow(/for another host: set tls_config\.server_name/);
    expect(await client(tls({ ca, serverName: 'shop.test' })).get(url)).toBe('200 a 1\n');
    await expect(client(tls({ ca, serverName: 'other.test' })).get(url)).rejects.toThrow(/for another host/);
  });

  test('a client shows its certificate', async () => {
    const url = await serve({ ...server, ca: authority.own.cert, requestCert: true, rejectUnauthorized: true });
    const ca = authority.own.cert;
    await expect(client(tls({ ca })).get(url)).rejects.toThrow();
    expect(await client(tls({ ca, cert: till.cert, key: new Secret(till.key) })).get(url)).toBe('200 a 1\n');
    expect(await client(tls({ ca, certFile: till.certFile, keyFile: till.keyFile })).get(url)).toBe('200 a 1\n');
  });

  test('files that are rotated are used at the next request, and a missing one is named', async () => {
    const url = await serve(server);
    const caFile = join(folder(), 'ca.pem');
    const { get } = client(tls({ caFile }));
    await expect(get(url)).rejects.toThrow(`cannot read ${caFile}: ENOENT`);
    copyFileSync(till.certFile, caFile);
    await expect(get(url)).rejects.toThrow(/cannot be verified/);
    copyFileSync(authority.own.certFile, caFile);
    expect(await get(url)).toBe('200 a 1\n');
  });

  test('versions outside min_version and max_version are refused', async () => {
    const url = await serve({ ...server, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
    const ca = authority.own.cert;
    expect(await client(tls({ ca, maxVersion: 'TLS12' })).get(url)).toBe('200 a 1\n');
    await expect(client(tls({ ca, minVersion: 'TLS13' })).get(url)).rejects.toThrow(/protocol version/);
  });

  test.for([
    ['is spoken by default', true, '2.0'],
    ['is not spoken with enable_http2: false', false, '1.1'],
  ] as const)('HTTP/2 %s', async ([, enableHttp2, version]) => {
    const versions: string[] = [];
    const both = createSecureServer({ ...server, allowHTTP1: true }, (request, response) => {
      versions.push(request.httpVersion);
      response.end('a 1\n');
    });
    const port = await listening(both as unknown as Server);
    const { get } = client({ ...tls({ ca: authority.own.cert }), enableHttp2 });
    for (let i = 0; i < 3; i++) expect(await get(`https://127.0.0.1:${port}/metrics`)).toBe('200 a 1\n');
    expect(versions).toEqual([version, version, version]);
  });

  test('a page that stalls over HTTP/2 is given up, and the next one comes', async () => {
    let isStalled = true;
    const stalling = createSecureServer(server, (_request, response) => {
      response.write('a 1\n');
      if (!isStalled) response.end('b 2\n');
    });
    const port = await listening(stalling as unknown as Server);
    const made = new HttpClient(
      { ...job({}), ...tls({ ca: authority.own.cert }) },
      { clock: new ManualClock(), environment: {} },
    );
    onTestFinished(() => made.destroy());
    const timeout = new AbortController();
    const wanted = { url: `https://127.0.0.1:${port}/`, headers: {}, limitBytes: LARGE };
    const stalled = made.get({ ...wanted, signal: timeout.signal });
    stalling.once('stream', () => timeout.abort(new Error('timeout')));
    await expect(stalled).rejects.toThrow('timeout');
    isStalled = false;
    const { body } = await made.get({ ...wanted, signal: new AbortController().signal });
    expect(Buffer.from(body).toString()).toBe('a 1\nb 2\n');
  });

  test('a tunnel through a proxy is asked for with the headers of the proxy', async () => {
    const url = await serve(server);
    const tunnels: IncomingMessage[] = [];
    const proxy = createPlainServer();
    proxy.on('connect', (request: IncomingMessage, socket, head) => {
      tunnels.push(request);
      const [host, port] = request.url!.split(':');
      const target = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.write(head);
        target.pipe(socket).pipe(target);
      });
      for (const one of [socket, target]) one.on('error', () => {});
    });
    const proxyUrl = `http://till:hush@127.0.0.1:${await listening(proxy)}`;
    const { get } = client({
      ...tls({ ca: authority.own.cert }),
      proxyUrl,
      proxyConnectHeader: { 'X-Proxy-Key': [new Secret('one'), new Secret('two')] },
    });
    expect(await get(url)).toBe('200 a 1\n');
    expect(tunnels.map(({ url: host }) => `https://${host}/metrics`)).toEqual([url]);
    expect(tunnels[0]!.headers).toMatchObject({
      'proxy-authorization': `Basic ${Buffer.from('till:hush').toString('base64')}`,
      'x-proxy-key': 'one, two',
    });
  });
});

describe('proxies', () => {
  test('plain pages are asked for by their whole URL', async () => {
    const seen: unknown[] = [];
    const proxy = await loopback((request, response) => {
      seen.push([request.method, request.url, request.headers.host]);
      response.end('by proxy');
    });
    expect(await client({ proxyUrl: `http://${proxy}` }).get('http://shop.test:3000/metrics?a=1')).toBe('200 by proxy');
    expect(seen).toEqual([['GET', 'http://shop.test:3000/metrics?a=1', 'shop.test:3000']]);
  });

  test('the environment names the proxy, except for this machine', async () => {
    const target = await loopback((_request, response) => void response.end('direct'));
    const proxy = await loopback((_request, response) => void response.end('by proxy'));
    const { get } = client({ proxyFromEnvironment: true }, { HTTP_PROXY: proxy });
    expect(await get('http://shop.test/metrics')).toBe('200 by proxy');
    expect(await get(`http://${target}/metrics`)).toBe('200 direct');
  });

  test.for([
    ['shop.test', 'http://shop.test/', true],
    ['shop.test', 'http://eu.shop.test/', true],
    ['shop.test', 'http://myshop.test/', false],
    ['.shop.test', 'http://shop.test/', false],
    ['.shop.test', 'http://eu.shop.test/', true],
    ['*.shop.test', 'http://eu.shop.test/', true],
    ['Shop.Test:3000', 'http://shop.test:3000/', true],
    ['shop.test:3000', 'http://shop.test/', false],
    ['shop.test:443', 'https://shop.test/', true],
    ['10.1.0.0/16', 'http://10.1.2.3:9100/', true],
    ['10.1.0.0/16', 'http://10.2.2.3:9100/', false],
    ['192.0.2.1:9100', 'http://192.0.2.1:9100/', true],
    ['192.0.2.1', 'http://192.0.2.10/', false],
    ['2001:db8::/32', 'http://[2001:db8::1]/', true],
    ['[2001:db8::1]:9100', 'http://[2001:db8::1]:9100/', true],
    ['elsewhere, *', 'http://shop.test/', true],
    ['elsewhere', 'http://localhost:3000/', true],
    ['elsewhere', 'http://127.0.0.2:3000/', true],
    ['', 'http://127.0.0.1:3000/', false],
  ] as const)('no_proxy "%s" and %s: direct is %s', ([noProxy, url, isDirect]) => {
    const settings = { ...job({}), proxyUrl: 'http://proxy.test:3128', noProxy };
    expect(proxyFor(new URL(url), settings, {})).toBe(isDirect ? undefined : 'http://proxy.test:3128');
  });

  test.for([
    [{ https_proxy: 'proxy.test:1' }, 'https://shop.test/', 'http://proxy.test:1'],
    [{ https_proxy: 'proxy.test:1' }, 'http://shop.test/', undefined],
    [{ HTTP_PROXY: 'http://a.test', http_proxy: 'http://b.test' }, 'http://shop.test/', 'http://a.test'],
    [{ HTTP_PROXY: 'http://a.test', NO_PROXY: 'shop.test' }, 'http://shop.test/', undefined],
    [{}, 'http://shop.test/', undefined],
  ] as const)('environment %o and %s', ([environment, url, proxy]) => {
    const settings = { ...job({}), proxyFromEnvironment: true };
    expect(proxyFor(new URL(url), settings, environment as Environment)).toBe(proxy);
  });
});

describe('credentials', () => {
  test('files are read for every request', async () => {
    const seen: unknown[] = [];
    const address = await loopback((request, response) => {
      seen.push([request.headers.authorization, request.headers['x-key']]);
      response.end();
    });
    const [tokenFile, keyFile] = [join(folder(), 'token'), join(folder(), 'key')];
    const { get } = client({
      authorization: { type: 'Bearer', credentials: undefined, credentialsFile: tokenFile },
      headers: { 'X-Key': { values: ['plain'], secrets: [new Secret('hush')], files: [keyFile] } },
    });
    await expect(get(`http://${address}/`)).rejects.toThrow(/cannot read .*: ENOENT/);
    for (const turn of ['1', '2']) {
      writeFileSync(tokenFile, `token-${turn}\n`);
      writeFileSync(keyFile, `key-${turn}\n`);
      await get(`http://${address}/`);
    }
    expect(seen).toEqual([
      ['Bearer token-1', 'plain, hush, key-1'],
      ['Bearer token-2', 'plain, hush, key-2'],
    ]);
  });

  test('user name and password may both stand in files', async () => {
    let seen: string | undefined;
    const address = await loopback((request, response) => {
      seen = request.headers.authorization;
      response.end();
    });
    const dir = folder();
    writeFileSync(join(dir, 'user'), 'till\n');
    writeFileSync(join(dir, 'password'), 'hush\n');
    const basicAuth = {
      username: '',
      usernameFile: join(dir, 'user'),
      password: undefined,
      passwordFile: join(dir, 'password'),
    };
    await client({ basicAuth }).get(`http://${address}/`);
    expect(seen).toBe(`Basic ${Buffer.from('till:hush').toString('base64')}`);
  });
});

describe('OAuth 2.0', () => {
  interface Asked {
    readonly authorization: string | undefined;
    readonly form: string;
  }

  /** A token server that gives out numbered tokens, and a target that takes the ones it is told to. */
  async function world(overrides: Partial<OAuth2> = {}, answer: (asked: Asked, n: number) => [number, object] = grant) {
    const asked: Asked[] = [];
    const seen: (string | undefined)[] = [];
    const state = { refuses: '' };
    const tokens = await loopback((request, response) => {
      let form = '';
      request.on('data', (chunk) => {
        form += chunk;
      });
      request.on('end', () => {
        asked.push({ authorization: request.headers.authorization, form });
        const [status, body] = answer(asked.at(-1)!, asked.length);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    const target = await loopback((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(request.headers.authorization === state.refuses ? 401 : 200).end();
    });
    const { proxyUrl, noProxy, proxyFromEnvironment, proxyConnectHeader } = job({});
    const oauth2: OAuth2 = {
      clientId: 'till',
      clientSecret: new Secret('hush hush'),
      clientSecretFile: undefined,
      tokenUrl: `http://${tokens}/token`,
      scopes: ['metrics', 'read'],
      endpointParams: { audience: 'shop' },
      tls: undefined,
      grantType: undefined,
      ...{ proxyUrl, noProxy, proxyFromEnvironment, proxyConnectHeader },
      ...overrides,
    };
    const { get, clock } = client({ oauth2 });
    return { asked, seen, clock, state, get: () => get(`http://${target}/metrics`) };
  }

  function grant(_asked: Asked, n: number): [number, object] {
    return [200, { access_token: `t${n}`, token_type: 'bearer', expires_in: 3600 }];
  }

  test('a token is fetched once and used until shortly before it ends', async () => {
    const { asked, seen, clock, get } = await world();
    await Promise.all([get(), get(), get()]);
    await clock.advance(3_589_000);
    await get();
    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('till:hush+hush').toString('base64')}`,
        form: 'grant_type=client_credentials&scope=metrics+read&audience=shop',
      },
    ]);
    await clock.advance(1_000);
    await get();
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  test('a token that the target refuses is replaced at the next request', async () => {
    const { seen, state, get } = await world();
    await get();
    state.refuses = 'Bearer t1';
    expect(await get()).toBe('401 ');
    expect(await get()).toBe('200 ');
    expect(seen).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  test('a server that wants name and secret in the form gets them there, from then on at once', async () => {
    const { asked, clock, seen, get } = await world({}, ({ form }, n) =>
      form.includes('client_secret=hush+hush')
        ? grant({ authorization: '', form }, n)
        : [401, { error: 'invalid_client' }],
    );
    await get();
    await clock.advance(3_600_000);
    await get();
    expect(asked.map(({ authorization }) => authorization !== undefined)).toEqual([true, false, false]);
    expect(seen).toEqual(['Bearer t2', 'Bearer t3']);
  });

  test('a secret in a file is read again when it was rotated', async () => {
    const clientSecretFile = join(folder(), 'secret');
    writeFileSync(clientSecretFile, 'first\n');
    const { seen, get } = await world({ clientSecret: undefined, clientSecretFile });
    await get();
    writeFileSync(clientSecretFile, 'second\n');
    await get();
    expect(seen).toEqual(['Bearer t1', 'Bearer t2']);
  });

  test.for([
    [
      'a refusal',
      [400, { error: 'invalid_scope', hint: 'hush hush' }],
      /^the token server answered with HTTP status 400: invalid_scope$/,
    ],
    ['an answer without a token', [200, { hint: 'hush hush' }], /^the answer of the token server has no access_token$/],
  ] as const)('%s fails the request, in words without secrets', async ([, answer, message]) => {
    const { seen, get } = await world({}, () => answer as unknown as [number, object]);
    await expect(get()).rejects.toThrow(message);
    expect(seen).toEqual([]);
  });
});
