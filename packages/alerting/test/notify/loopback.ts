import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server received. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of any form
  readonly body: any;
}

/** How the server answers. */
interface Reply {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** Close the connection without an answer. */
  readonly drop?: boolean;
  /** Never answer. */
  readonly hang?: boolean;
}

/** A server on the loopback interface that keeps what it is sent. */
export interface Loopback {
  readonly url: string;
  readonly received: Received[];
  /** Answers the n-th request (from 0); default 200 `ok`. */
  reply: (n: number, received: Received) => Reply;
  /** Resolves when `count` requests have come. */
  until(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startLoopback(): Promise<Loopback> {
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const received = { path: request.url ?? '', headers: request.headers, body: parse(text) };
      const reply = loopback.reply(loopback.received.length, received);
      loopback.received.push(received);
      if (reply.drop === true) response.destroy();
      else if (reply.hang !== true) response.writeHead(reply.status ?? 200, reply.headers).end(reply.body ?? 'ok');
      for (const { count, resolve } of waiting) if (loopback.received.length >= count) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const loopback: Loopback = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    reply: () => ({}),
    until: (count) =>
      new Promise((resolve) => {
        if (loopback.received.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return loopback;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
