import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server that can stop listening and come back on the same port, as a crashed and restarted shop does. */
export class Listener {
  readonly #host: string;
  #port: number;
  #server: Server | undefined;

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** Makes the server; it does not listen yet. */
  serve(handler: RequestListener): Server {
    this.#server = createServer({ requestTimeout: 10_000, headersTimeout: 5000, keepAliveTimeout: 8000 }, handler);
    return this.#server;
  }

  get url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  /** Rejects when the port is taken. With port 0 the first call finds a free one, which later calls use again. */
  async open(): Promise<void> {
    const server = this.#server!;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: this.#host, port: this.#port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Closes connections that wait for a request, as a load balancer does before an instance is replaced. */
  drain(): void {
    this.#server?.closeIdleConnections();
  }

  /** Closes the port and cuts every connection. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined || !server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }
}
