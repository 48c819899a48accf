import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { briefingHtml } from '../../src/notify/email/briefing-mail.ts';
import { alert } from '../routing/fakes.ts';
import { briefing, NOW_MS, notifierOf, sendBy } from './send.ts';

interface Sink {
  readonly port: number;
  readonly mails: {
    readonly raw: string;
    readonly parsed: ParsedMail;
    readonly secure: boolean;
    readonly user: string;
    readonly to: string[];
  }[];
}

const servers: SMTPServer[] = [];
let tls: { key: string; cert: string } | undefined;

beforeAll(() => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-tls-'));
  try {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const out = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-days',
        '2',
        ...subject,
        ...out,
      ],
      { stdio: 'ignore' },
    );
    tls = { key: readFileSync(join(dir, 'key.pem'), 'utf8'), cert: readFileSync(join(dir, 'cert.pem'), 'utf8') };
  } catch {
    // Without openssl the tests that need a certificate say so by name.
  }
  rmSync(dir, { recursive: true });
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
});
afterAll(() => {
  tls = undefined;
});

async function startSink(options: SMTPServerOptions = {}): Promise<Sink> {
  const mails: Sink['mails'] = [];
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onAuth: (auth, _, callback) => {
      const isRight = auth.method === 'CRAM-MD5' ? auth.validatePassword?.('right') : auth.password === 'right';
      if (isRight === true) callback(null, { user: `${auth.method} ${auth.username}` });
      else callback(new Error('wrong password'));
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', async () => {
        const raw = Buffer.concat(chunks);
        mails.push({
          raw: raw.toString('utf8'),
          parsed: await simpleParser(raw),
          secure: session.secure,
          user: String(session.user ?? ''),
          to: session.envelope.rcptTo.map(({ address }) => address),
        });
        callback();
      });
    },
    ...options,
  });
  servers.push(server);
  server.on('error', () => {});
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port));
  });
  return { port, mails };
}

function config(port: number, entry = 'require_tls: false'): string {
  return `
global: {smtp_from: 'Shop Alerts <alerts@shop.example>', smtp_hello: shop.example}
route: {receiver: r}
receivers:
  - name: r
    email_configs:
      - to: 'ops@shop.example, Dev <dev@shop.example>'
        smarthost: '127.0.0.1:${port}'
${entry.replace(/^/gm, '        ')}`;
}

const alerts = [alert({ provider: 'acme-pay' }, {}, { summary: 'Error rate 7.3 %' })];

describe('the mail', () => {
  test('carries a briefing in two forms, and a thread', async () => {
    const { port, mails } = await startSink();
    await sendBy(notifierOf(config(port)), { alerts, briefing, id: 'm1' });
    const resolved = { ...briefing, tone: 'resolved' as const, title: 'Checkout works again' };
    await sendBy(notifierOf(config(port)), { alerts, briefing: resolved, id: 'm2' });
    const [first, second] = mails.map(({ parsed }) => parsed);
    expect(mails[0]?.to).toEqual(['ops@shop.example', 'dev@shop.example']);
    expect(first).toMatchObject({
      subject: '🔴 Checkout fails for 12 % of customers',
      messageId: '<m1@shop.example>',
      date: new Date(NOW_MS),
    });
    expect(first?.from?.text).toBe('"Shop Alerts" <alerts@shop.example>');
    expect(second?.subject).toBe('✅ Checkout works again');
    expect(second?.references).toBe(first?.references);
    expect(second?.inReplyTo).toBe(first?.inReplyTo);
    expect(first?.text).toBe(
      [
        'Checkout fails for 12 % of customers',
        '',
        'Provider acme-pay <eu> answers with errors.',
        '',
        'THEN AND NOW',
        'Success rate: 88 %',
        '',
        '- payment at "acme-pay"',
        "- region 'eu'",
        '',
        '    POST /pay -> 502 <html>',
        '',
        'SINCE',
        '10:02',
        'for 3 minutes',
        '',
        'Open the page: https://tillwatch.example/?a=1&b="2"',
        'Evil: javascript:alert(1)',
        '',
        '-- ',
        'Estimated from the last week.',
        '',
      ].join('\n'),
    );
    expect(first?.html).toContain('background:#c62828');
    expect(first?.html).toContain('Provider acme-pay &#60;eu&#62; answers');
    for (const line of mails[0]?.raw.split('\r\n') ?? []) expect(line.length).toBeLessThanOrEqual(998);
  });

  test('no text gets out of its place in the HTML', () => {
    const evil = '"><script>alert(1)</script>\'';
    const html = briefingHtml({
      ...briefing,
      title: evil,
      lead: evil,
      blocks: [
        { kind: 'text', heading: evil, text: evil },
        { kind: 'facts', facts: [{ name: evil, value: evil }] },
        { kind: 'list', items: [evil] },
        { kind: 'code', text: evil },
      ],
      links: [{ text: evil, url: `https://x.example/${evil}` }],
      footer: evil,
      language: evil,
    });
    expect(html).not.toContain('<script');
    expect(html).not.toContain('">&#60;script');
  });

  test('a label cannot add a header or a recipient', async () => {
    const { port, mails } = await startSink();
    const evil = 'x\r\nBcc: evil@evil.example\r\n\r\n<p>hello';
    const yaml = config(
      port,
      `require_tls: false\nheaders: {Subject: 'Alert {{ .CommonLabels.provider }}', X-Shop: '{{ .CommonLabels.provider }}'}`,
    );
    await sendBy(notifierOf(yaml), { alerts: [alert({ provider: evil })] });
    expect(mails[0]?.to).toEqual(['ops@shop.example', 'dev@shop.example']);
    expect(mails[0]?.parsed.subject).toBe('Alert x Bcc: evil@evil.example <p>hello');
    expect(mails[0]?.parsed.headers.has('bcc')).toBe(false);
    const templated = config(port).replace(
      "'ops@shop.example, Dev <dev@shop.example>'",
      "'{{ .CommonLabels.provider }}'",
    );
    await expect(sendBy(notifierOf(templated), { alerts: [alert({ provider: evil })] })).rejects.toMatchObject({
      reason: 'configuration',
    });
  });

  test('a template with a mistake: a plain mail comes, which names it', async () => {
    const { port, mails } = await startSink();
    const yaml = config(port, `require_tls: false\nhtml: '{{ template "nowhere" . }}'`);
    const { degraded, title } = await sendBy(notifierOf(yaml), { alerts });
    expect(degraded?.reason).toBe('template');
    expect(title).toBe('[FIRING:1] CheckoutErrors');
    expect(mails[0]?.parsed.text).toContain('provider=acme-pay — Error rate 7.3 %');
    expect(mails[0]?.parsed.text).toContain('nowhere');
  });
});

describe('the way', () => {
  test('a server without STARTTLS: nothing is sent, and the error names server, lack and setting', async () => {
    const { port, mails } = await startSink({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    const error = await sendBy(notifierOf(config(port, '')), { alerts }).catch((e) => e);
    expect(error).toMatchObject({ name: 'NotifyError', reason: 'tls', retryable: true });
    expect(error.message).toContain(
      `mail server 127.0.0.1:${port} does not offer STARTTLS, and require_tls demands it`,
    );
    expect(error.hint).toContain('require_tls: false');
    expect(mails).toHaveLength(0);
    await sendBy(notifierOf(config(port)), { alerts });
    expect(mails).toHaveLength(1);
  });

  test('STARTTLS with a certificate of one’s own, checked', async (context) => {
    if (tls === undefined) return context.skip('openssl is not installed');
    const { port, mails } = await startSink({ ...tls });
    const trusting = `tls_config: {ca_file: /ca.pem, server_name: localhost}`;
    await sendBy(notifierOf(config(port, trusting), { files: { '/ca.pem': tls.cert } }), { alerts });
    expect(mails[0]?.secure).toBe(true);
    const error = await sendBy(notifierOf(config(port, '')), { alerts }).catch((e) => e);
    expect(error).toMatchObject({ reason: 'tls' });
    expect(error.message).toContain('certificate');
    expect(error.hint).toContain('ca_file');
    await sendBy(notifierOf(config(port, 'tls_config: {insecure_skip_verify: true}')), { alerts });
    expect(mails).toHaveLength(2);
  });

  test.for([
    ['PLAIN', `auth_username: me\nauth_password: right`, 'PLAIN me'],
    ['LOGIN', `auth_username: me\nauth_password: right`, 'LOGIN me'],
    ['CRAM-MD5', `auth_username: me\nauth_secret: right`, 'CRAM-MD5 me'],
  ] as const)('logs in by %s', async ([method, entry, user]) => {
    const { port, mails } = await startSink({ authMethods: [method], allowInsecureAuth: true });
    await sendBy(notifierOf(config(port, `require_tls: false\n${entry}`)), { alerts });
    expect(mails[0]?.user).toBe(user);
  });

  test('a wrong password is not tried again, and not shown', async () => {
    const { port } = await startSink({ authMethods: ['PLAIN'], allowInsecureAuth: true });
    const yaml = config(port, 'require_tls: false\nauth_username: me\nauth_password: hunter2');
    const error = await sendBy(notifierOf(yaml), { alerts }).catch((e) => e);
    expect(error).toMatchObject({ reason: 'auth', retryable: false });
    expect(error.hint).toContain('auth_password');
    expect(`${error.message}${error.hint}`).not.toContain('hunter2');
  });

  test('a password does not leave over an open line', async () => {
    const yaml = config(25, 'require_tls: false\nauth_username: me\nauth_password: hunter2').replace(
      '127.0.0.1',
      'mail.example',
    );
    await expect(sendBy(notifierOf(yaml), { alerts })).rejects.toMatchObject({
      reason: 'configuration',
      message: 'refusing to send the password to mail.example:25 without TLS',
    });
  });

  test.for([
    ['a recipient that is refused for good', 550, 'client', false],
    ['a mailbox that is full today', 452, 'server', true],
  ] as const)('%s', async ([, responseCode, reason, retryable]) => {
    const { port } = await startSink({
      onRcptTo: (_, __, callback) => callback(Object.assign(new Error('no'), { responseCode })),
    });
    await expect(sendBy(notifierOf(config(port)), { alerts })).rejects.toMatchObject({ reason, retryable });
  });

  test('one bad recipient does not keep the others from hearing', async () => {
    const { port, mails } = await startSink({
      onRcptTo: ({ address }, _, callback) =>
        callback(address.startsWith('dev') ? Object.assign(new Error('unknown'), { responseCode: 550 }) : null),
    });
    const { degraded } = await sendBy(notifierOf(config(port)), { alerts });
    expect(mails[0]?.to).toEqual(['ops@shop.example']);
    expect(degraded?.message).toContain('refused dev@shop.example and took the others');
  });

  test('nobody listens', async () => {
    const error = await sendBy(notifierOf(config(1)), { alerts }).catch((e) => e);
    expect(error).toMatchObject({ reason: 'connection', message: 'mail server 127.0.0.1:1 refuses connections' });
  });
});
