import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A shop's `/metrics` whose text the test decides. */
export interface Exporter {
  readonly address: string;
  text: string;
  /** How often it was scraped. */
  scrapes: number;
  stop(): Promise<void>;
}

export async function startExporter(text: string): Promise<Exporter> {
  const exporter = { text, scrapes: 0 };
  const server = await listen(async () => {
    exporter.scrapes++;
    return { type: 'text/plain; version=0.0.4', body: exporter.text };
  });
  return Object.assign(exporter, { address: server.address, stop: server.stop });
}

/** An incoming webhook that takes everything; newest last. */
export interface Webhook {
  readonly url: string;
  readonly bodies: string[];
  stop(): Promise<void>;
}

export async function startWebhook(): Promise<Webhook> {
  const bodies: string[] = [];
  const server = await listen(async (request) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    return { type: 'text/plain', body: 'ok' };
  });
  return { url: `http://${server.address}/services/test`, bodies, stop: server.stop };
}

async function listen(answer: (request: IncomingMessage) => Promise<{ type: string; body: string }>) {
  const server: Server = createServer((request, response) => {
    answer(request).then(
      ({ type, body }) => response.writeHead(200, { 'content-type': type }).end(body),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
