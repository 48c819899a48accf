import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DemoMessage } from '@tillwatch/web/api';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** The latest messages that are kept; older ones are forgotten. */
const KEEP = 200;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** A local Slack and a local mail server: they take what they get, keep it as received, and pass nothing on. */
export interface MessageSinks {
  /** A webhook URL for a name; the name is the path under which its messages are kept. */
  slackUrl(name: string): string;
  /** `host:port` of the mail server; it speaks SMTP without TLS or authentication, on loopback only. */
  readonly smarthost: string;
  /** Newest first. */
  messages(limit?: number): readonly DemoMessage[];
  /** Calls `listener` for every message from now on, until the returned function is called. */
  onMessage(listener: (message: DemoMessage) => void): () => void;
  stop(): Promise<void>;
}

export async function startMessageSinks(now: () => number = Date.now): Promise<MessageSinks> {
  const messages: DemoMessage[] = [];
  const listeners = new Set<(message: DemoMessage) => void>();
  let count = 0;
  const keep = (message: DemoMessage) => {
    messages.unshift(message);
    messages.length = Math.min(messages.length, KEEP);
    for (const listener of listeners) listener(message);
  };
  const nextId = () => `m${++count}`;

  const slack = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_MESSAGE_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const refusal = request.method === 'POST' ? undefined : 'invalid_method';
      let body: unknown;
      try {
        body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      } catch {
        // Falls through to the refusal below, as Slack answers.
      }
      if (refusal !== undefined || typeof body !== 'object' || body === null || Array.isArray(body)) {
        response.writeHead(400, { 'content-type': 'text/plain' }).end(refusal ?? 'invalid_payload');
        return;
      }
      keep({
        kind: 'slack',
        id: nextId(),
        receivedAtMs: now(),
        path: request.url ?? '/',
        body: body as Record<string, unknown>,
      });
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    });
  });
  const slackPort = await listen(slack);

  const mail = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 1_000,
    size: MAX_MESSAGE_BYTES,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const source = Buffer.concat(chunks).toString('utf8');
        const { mailFrom, rcptTo } = session.envelope;
        simpleParser(source).then(
          (parsed) => {
            keep({
              kind: 'email',
              id: nextId(),
              receivedAtMs: now(),
              from: mailFrom === false ? '' : (mailFrom.address ?? ''),
              to: rcptTo.map((recipient) => recipient.address ?? '').join(', '),
              subject: parsed.subject ?? '',
              text: parsed.text ?? '',
              html: parsed.html || '',
              source,
            });
            callback();
          },
          (error: Error) => callback(error),
        );
      });
    },
  });
  // A client that hangs up in the middle is its own affair.
  mail.on('error', () => undefined);
  const mailPort = await listen(mail.server as unknown as Server);

  return {
    slackUrl: (name) => `http://127.0.0.1:${slackPort}/services/${encodeURIComponent(name)}`,
    smarthost: `127.0.0.1:${mailPort}`,
    messages: (limit = KEEP) => messages.slice(0, limit),
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async stop() {
      slack.closeAllConnections();
      await new Promise((resolve) => slack.close(resolve));
      await new Promise<void>((resolve) => mail.close(resolve));
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
