import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { DemoFeed, LiveFeed } from '../live-feed.ts';

export interface PageServices {
  readonly live: LiveFeed;
  readonly demo: DemoFeed | undefined;
}

/** At most so many pages look on at once; the next is told to try again. */
const MAX_LOOKERS = 100;

/** The page, what feeds it, and the demo's switches. */
export function registerPageRoutes(app: FastifyInstance, { live, demo }: PageServices): void {
  const webRoot = fileURLToPath(new URL('dist/', import.meta.resolve('@tillwatch/web/package.json')));
  // A type-only build has no page; the API works without it.
  app.register(fastifyStatic, {
    root: webRoot,
    prefix: '/',
    wildcard: false,
    index: 'index.html',
    globIgnore: ['types/**'],
    cacheControl: false,
    setHeaders(response, path) {
      // The names of these say what is in them; the page itself says which of them it wants.
      const isNamedByContent = /[\\/]assets[\\/]/.test(path);
      response.setHeader('cache-control', isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });

  // `/graph` is Prometheus's path to a query, which the `generatorURL` of every alert names; the page understands both.
  for (const path of ['/query', '/graph']) app.get(path, (_request, reply) => reply.sendFile('index.html'));

  app.get('/api/tillwatch/state', () => live.current());

  let lookers = 0;
  app.get('/api/tillwatch/live', (request, reply) => {
    if (lookers >= MAX_LOOKERS) return reply.code(503).header('retry-after', '10').send('too many pages look on\n');
    lookers++;
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no',
    });
    response.write('retry: 2000\n\n');
    const unsubscribe = live.subscribe((state) => {
      // A page that does not read is skipped, not queued for without bound.
      if (response.writableNeedDrain) return;
      response.write(`event: state\ndata: ${JSON.stringify(state)}\n\n`);
    });
    request.raw.on('close', () => {
      lookers--;
      unsubscribe();
      response.end();
    });
    return reply;
  });

  app.post<{ Params: { name: string }; Body: { active?: unknown } }>(
    '/api/tillwatch/demo/faults/:name',
    async (request, reply) => {
      if (demo === undefined) return reply.code(404).send({ error: 'this is not the demo' });
      const active = request.body?.active;
      if (typeof active !== 'boolean')
        return reply.code(400).send({ error: 'the body must be {"active": true} or {"active": false}' });
      try {
        await demo.setFault(request.params.name, active);
      } catch (error) {
        return reply.code(400).send({ error: (error as Error).message });
      }
      return { name: request.params.name, active };
    },
  );
}
