import type { ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { expose } from './expose.ts';

/** The part of a Fastify reply that is used. */
export interface ReplyLike {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
  send(payload: string): unknown;
}

/** Answers a scrape. The response of node:http, of Express (which is one), and the reply of Fastify all fit. */
export type MetricsHandler = (request: unknown, response: ServerResponse | ReplyLike) => Promise<void>;

/**
 * A handler that answers with the whole registry, as `text/plain; version=0.0.4; charset=utf-8`. (A registry that was
 * set to OpenMetrics answers in that format, with its content type.) A metric whose collection throws makes it answer
 * 500, so the scrape fails visibly; the handler itself never rejects.
 */
export function metricsHandler(registry: Registry): MetricsHandler {
  return async (_request, response) => {
    try {
      const text = await expose(registry);
      await answer(response, 200, registry.contentType, text);
    } catch {
      await answer(response, 500, 'text/plain; charset=utf-8', 'collecting the metrics failed\n');
    }
  };
}

async function answer(
  response: ServerResponse | ReplyLike,
  status: number,
  contentType: string,
  text: string,
): Promise<void> {
  if ('writeHead' in response) {
    if (response.headersSent) return;
    response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
    response.end(text);
  } else {
    response.code(status);
    response.header('content-type', contentType);
    await response.send(text);
  }
}
