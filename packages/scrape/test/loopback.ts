import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** A server on a free loopback port, closed after the test; returns its host:port. */
export async function loopback(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A target whose page can be changed between scrapes. */
export async function page(first: string): Promise<{ address: string; text: string; requests: IncomingMessage[] }> {
  const target = { address: '', text: first, requests: [] as IncomingMessage[] };
  target.address = await loopback((request, response) => {
    target.requests.push(request);
    response.setHeader('content-type', TEXT).end(target.text);
  });
  return target;
}

/** Waits, without the clock, for what a loopback server and the scraper do between them. */
export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50_000; turn++) {
    if (condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it did not happen');
}
