import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join, resolve } from 'node:path';
import { readAlertmanagerConfig } from '@tillwatch/config';
import { type Alert, isError, Labels, type Notification } from '@tillwatch/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNotifiers } from '../../packages/alerting/src/notify/create-notifier.ts';
import { statusError } from '../../packages/alerting/src/notify/http-client.ts';
import { unescapeText } from '../../packages/alerting/src/notify/slack/mrkdwn.ts';
import { truncateBytes, truncateRunes } from '../../packages/alerting/src/notify/truncate.ts';
import { parseNotificationTemplates } from '../../packages/alerting/src/template/index.ts';

/** What Alertmanager sends to Slack, mail servers and webhooks for the same notifications. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const isThere = existsSync(join(DATA, 'alertmanager'));

/** Where we differ on purpose. Each is a rule that the comparison applies to every case. */
const DIFFERENCES = {
  escaping: 'text from labels and annotations is escaped for Slack (& < >), so it is compared as Slack shows it',
  headers:
    'mails carry In-Reply-To and References (one thread per incident) and Auto-Submitted (no answers from robots)',
  emptyHeaders: 'a header whose template yields nothing is left out',
  blankLines: 'blank lines between the tags of an HTML mail may be fewer',
  retry: '429 and 408 are always tried again, not only for receivers that are known to mean it',
} as const;

/** Fields of a case; which there are depends on the topic. */
// biome-ignore lint/suspicious/noExplicitAny: data of many forms, compared with ours field by field
type Case = Record<string, any> & { readonly id: string };

function cases(topic: string): Case[] {
  if (!isThere) return [];
  return (JSON.parse(readFileSync(join(DATA, 'alertmanager', `${topic}.json`), 'utf8')) as { cases: Case[] }).cases;
}

/** Runs every case of a topic and prints how many passed. */
function topic(name: string, check: (one: Case) => void | Promise<void>): void {
  test.skipIf(!isThere)(name, async () => {
    const failed: string[] = [];
    const all = cases(name);
    for (const one of all) {
      try {
        await check(one);
      } catch (error) {
        failed.push(`${one.id}: ${(error as Error).message}`);
      }
    }
    console.info(`alertmanager/${name}: ${all.length - failed.length} of ${all.length} passed`);
    expect(failed).toEqual([]);
  });
}

const AT_MS = Date.parse('2026-03-01T11:00:00Z');

function notificationOf(group: Case['group']): Notification {
  const alerts: Alert[] = group.alerts.map(
    (alert: { labels: object; annotations: object; startsAt: string; endsAt?: string; generatorURL: string }) => ({
      labels: Labels.from(Object.entries(alert.labels)),
      annotations: Labels.from(Object.entries(alert.annotations)),
      startsAtMs: Date.parse(alert.startsAt),
      endsAtMs: alert.endsAt === undefined ? AT_MS + 3_600_000 : Date.parse(alert.endsAt),
      generatorUrl: alert.generatorURL,
    }),
  );
  return {
    receiver: 'team',
    groupKey: group.groupKey,
    groupLabels: Labels.of(group.groupLabels),
    status: alerts.some((alert) => alert.endsAtMs > AT_MS) ? 'firing' : 'resolved',
    alerts,
    atMs: AT_MS,
  };
}

/** Sends the notification of a case by one entry of a receiver. */
async function send(one: Case, field: string, entry: string, global: Record<string, unknown> = {}): Promise<void> {
  const yaml = `global: ${JSON.stringify(global)}
route: {receiver: team}
receivers:
  - name: team
    ${field}:
      -
${entry.replace(/^/gm, '        ')}
`;
  const { config, problems } = readAlertmanagerConfig({ file: 'alertmanager.yml', text: yaml });
  const errors = problems.filter(isError);
  if (config === undefined || errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  const { templates } = parseNotificationTemplates([]);
  const context = { templates, externalUrl: 'http://am.shop.example:9093/base', readFile: async () => '' };
  const [notifier] = createNotifiers(config.receivers[0]!, context).values();
  const { degraded } = await notifier!.send(
    {
      id: one.id,
      notification: notificationOf(one.group),
      routeLabels: Labels.empty,
      reason: 'unknown',
      briefing: undefined,
      thread: one.id,
      nowMs: AT_MS,
    },
    new AbortController().signal,
  );
  await notifier!.close();
  if (degraded !== undefined) throw degraded;
}

describe.skipIf(!isThere)('conformance of notifications', () => {
  let server: Server;
  let url: string;
  let received: { contentType: string | undefined; body: unknown }[];

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        received.push({ contentType: request.headers['content-type'], body });
        response.end('ok');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server?.closeAllConnections();
    server?.close();
  });

  topic('notify-slack', async (one) => {
    received = [];
    await send(one, 'slack_configs', `api_url: ${url}/slack\n${one.config}`);
    expect(received).toHaveLength(1);
    expect(received[0]?.contentType).toBe(one.content_type);
    // DIFFERENCES.escaping
    expect(withoutEmpty(asShown(received[0]?.body))).toEqual(withoutEmpty(one.body));
  });

  topic('notify-webhook', async (one) => {
    received = [];
    await send(one, 'webhook_configs', `url: ${url}/hook\n${one.config}`);
    expect(received).toEqual([{ contentType: one.content_type, body: one.body }]);
  });

  topic('notify-email', async (one) => {
    const sink = await startMailSink();
    try {
      await send(one, 'email_configs', one.config, { ...one.global, smtp_smarthost: `127.0.0.1:${sink.port}` });
      await sink.hungUp;
    } finally {
      sink.close();
    }
    expect(sink.commands).toEqual(one.smtp_commands);
    const { headers, parts } = readMail(sink.data());
    // DIFFERENCES.headers, DIFFERENCES.emptyHeaders
    for (const name of ['Date', 'Message-Id', 'In-Reply-To', 'References', 'Auto-Submitted']) {
      expect(headers[name.toLowerCase()], name).toBeDefined();
      delete headers[name.toLowerCase()];
    }
    headers['content-type'] = headers['content-type']?.split(';')[0] ?? '';
    const wanted = Object.entries(one.headers as Record<string, string>).filter(([, value]) => value !== '');
    expect(headers).toEqual(Object.fromEntries(wanted.map(([name, value]) => [name.toLowerCase(), value])));
    const plain = (part: Part) => ({
      ...part,
      content_type: part.content_type.toLowerCase(),
      // DIFFERENCES.blankLines
      body: part.body.includes('<html') ? part.body.replace(/(\r\n\s*)+/g, '\r\n') : part.body,
    });
    expect(parts.map(plain)).toEqual(one.parts.map(plain));
  });

  topic('notify-util', (one) => {
    switch (one.what) {
      case 'truncate-runes':
        expect(truncateRunes(one.input, one.n)).toEqual({ text: one.output, truncated: one.truncated });
        break;
      case 'truncate-bytes':
        expect(truncateBytes(one.input, one.n)).toEqual({ text: one.output, truncated: one.truncated });
        break;
      case 'retry': {
        const detail = one.error.includes(': ') ? one.error.slice(one.error.indexOf(': ') + 2) : '';
        const error = statusError(one.status, detail, undefined, 0);
        expect(error?.message ?? '').toBe(one.error);
        // DIFFERENCES.retry
        if (one.status !== 429 && one.status !== 408) expect(error?.retryable ?? false).toBe(one.retry);
        break;
      }
      default:
        throw new Error(`unknown kind of case: ${one.what}`);
    }
  });

  test('the differences are these', () => {
    expect(Object.keys(DIFFERENCES)).toEqual(['escaping', 'headers', 'emptyHeaders', 'blankLines', 'retry']);
  });
});

/** JSON with texts as Slack shows them. */
function asShown(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) =>
    typeof inner === 'string' ? unescapeText(inner) : inner,
  );
}

/** Fields that are empty may be missing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== '');
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutEmpty(inner)]));
}

interface MailSink {
  readonly port: number;
  readonly commands: string[];
  /** Resolves when the client has gone. */
  readonly hungUp: Promise<void>;
  data(): string;
  close(): void;
}

/** A mail server that takes everything and keeps the commands as they came. */
async function startMailSink(): Promise<MailSink> {
  const commands: string[] = [];
  let data = '';
  let hangUp = () => {};
  const hungUp = new Promise<void>((done) => {
    hangUp = done;
  });
  const server = createTcpServer((socket) => {
    let text = '';
    let inData = false;
    socket.write('220 sink\r\n');
    socket.on('error', () => {});
    socket.on('close', () => hangUp());
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      for (;;) {
        const end = inData ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n');
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) {
          data = line.replace(/^\.\./gm, '.');
          inData = false;
          socket.write('250 taken\r\n');
          continue;
        }
        commands.push(line);
        const verb = line.split(' ')[0]?.toUpperCase();
        if (verb === 'DATA') inData = true;
        if (verb === 'EHLO') socket.write('250-sink\r\n250 8BITMIME\r\n');
        else socket.write(verb === 'DATA' ? '354 go on\r\n' : verb === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    hungUp,
    data: () => data,
    close: () => server.close(),
  };
}

interface Part {
  readonly content_type: string;
  readonly transfer_encoding: string;
  readonly body: string;
}

/** Takes a multipart mail apart: headers by lower-case name with encoded words read, and decoded parts. */
function readMail(mail: string): { headers: Record<string, string>; parts: Part[] } {
  const [head, body] = splitOnce(mail);
  const headers = readHeaders(head);
  const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1, -1);
  const parts = pieces.map((piece) => {
    const [partHead, content] = splitOnce(piece.replace(/^\r\n/, ''));
    const own = readHeaders(partHead);
    return {
      content_type: (own['content-type'] ?? '').toLowerCase(),
      transfer_encoding: own['content-transfer-encoding'] ?? '',
      body: decodeQuotedPrintable(content),
    };
  });
  return { headers, parts };
}

function splitOnce(text: string): [head: string, body: string] {
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 4)];
}

function readHeaders(head: string): Record<string, string> {
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), readWords(line.slice(colon + 1).trim())];
    }),
  );
}

function readWords(text: string): string {
  const joined = text.replace(/\?=\s+=\?/g, '?==?');
  return joined.replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
    kind.toUpperCase() === 'B'
      ? Buffer.from(word, 'base64').toString('utf8')
      : decodeQuotedPrintable(word.replaceAll('_', ' ')),
  );
}

function decodeQuotedPrintable(text: string): string {
  const bytes: number[] = [];
  const joined = Buffer.from(text.replace(/=\r\n/g, ''), 'utf8');
  for (let i = 0; i < joined.length; i++) {
    if (joined[i] === 0x3d) {
      bytes.push(Number.parseInt(joined.subarray(i + 1, i + 3).toString(), 16));
      i += 2;
    } else bytes.push(joined[i]!);
  }
  return Buffer.from(bytes).toString('utf8');
}
