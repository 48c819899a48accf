import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '@tillwatch/model';
import Fastify, { type FastifyInstance } from 'fastify';
import { type AlertmanagerServices, registerAlertmanagerRoutes } from './alertmanager-routes.ts';
import { readApiBodies } from './api-routes.ts';
import { type LifecycleServices, registerLifecycleRoutes } from './lifecycle-routes.ts';
import { type PageServices, registerPageRoutes } from './page-routes.ts';
import { type PromotionServices, registerPromotionRoutes } from './promotion-routes.ts';
import { type QueryServices, registerQueryRoutes } from './query-routes.ts';
import { sendError } from './reply.ts';
import { type RuleServices, registerRuleRoutes } from './rule-routes.ts';
import { registerRunbookRoutes } from './runbook-routes.ts';
import { guardOrigin, SECURITY_HEADERS } from './security.ts';
import { registerStatusRoutes, type StatusServices } from './status-routes.ts';
import { registerTargetRoutes, type TargetServices } from './target-routes.ts';

/** Everything that the HTTP side shows or moves. */
type HttpServices = QueryServices &
  RuleServices &
  TargetServices &
  StatusServices &
  LifecycleServices &
  PageServices &
  PromotionServices &
  AlertmanagerServices;

/** Request bodies larger than this are refused (413): queries and alerts are far smaller. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** The one HTTP server of the process: API, page and own metrics. */
export interface HttpServer {
  /** Where it listens, with the port that was picked. */
  url(): string;
  /** Puts the routes behind the port. Until then, and until `ready`, requests are answered 503. */
  serve(services: HttpServices): Promise<void>;
  ready(): void;
  stop(): Promise<void>;
}

/**
 * Listens at once, so that the address is known before the parts that put it into links are made.
 * Rejects when the port is taken or the address is not this machine's.
 */
export async function createHttpServer(options: {
  listen: { host: string; port: number };
  logger: Logger;
}): Promise<HttpServer> {
  const { listen, logger } = options;
  let handle = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' }).end('Tillwatch is starting.\n');
  };
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 15_000 }, (request, response) =>
    handle(request, response),
  );
  server.maxConnections = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'something listens there already; take another port or stop it' : error.message;
      reject(new Error(`cannot listen on ${listen.host}:${listen.port}: ${why}`, { cause: error }));
    });
    server.listen(listen.port, listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`;

  let app: FastifyInstance | undefined;
  let isReady = false;
  return {
    url: () => url,
    async serve(services) {
      let route: typeof handle | undefined;
      app = Fastify({
        bodyLimit: MAX_BODY_BYTES,
        routerOptions: { maxParamLength: 1_000 },
        serverFactory(handler) {
          route = handler;
          return server;
        },
      });
      app.addHook('onRequest', guardOrigin(services.corsOrigin));
      app.addHook('onSend', async (_request, reply) => {
        for (const [name, value] of SECURITY_HEADERS) if (!reply.hasHeader(name)) reply.header(name, value);
      });
      app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
        if (error.statusCode !== undefined && error.statusCode < 500) {
          return reply.code(error.statusCode).send({ status: 'error', errorType: 'bad_data', error: error.message });
        }
        logger.error('a request failed', { url: request.url.split('?')[0], err: error.message, stack: error.stack });
        return sendError(reply, 'internal', 'internal error; the log of Tillwatch tells more');
      });

      app.setNotFoundHandler((request, reply) =>
        request.url.startsWith('/api/v1/')
          ? reply.code(404).type('text/plain; charset=utf-8').send('404 page not found\n')
          : reply
              .code(404)
              .send({ message: `${request.method} ${request.url.split('?')[0]} not found`, statusCode: 404 }),
      );
      app.get('/-/healthy', (_request, reply) => reply.type('text/plain').send('Tillwatch is healthy.\n'));
      app.get('/-/ready', (_request, reply) =>
        isReady
          ? reply.type('text/plain').send('Tillwatch is ready.\n')
          : reply.code(503).type('text/plain').send('Tillwatch is starting.\n'),
      );
      app.register(async (api) => {
        readApiBodies(api);
        registerQueryRoutes(api, services);
        registerRuleRoutes(api, services);
        registerTargetRoutes(api, services);
        registerStatusRoutes(api, services);
      });
      registerAlertmanagerRoutes(app, services);
      registerLifecycleRoutes(app, services);
      registerPromotionRoutes(app, services);
      registerRunbookRoutes(app);
      registerPageRoutes(app, services);
      await app.ready();
      // Not before: a request in the middle of Fastify's own start would throw where nobody catches it.
      if (route !== undefined) handle = route;
    },
    ready() {
      isReady = true;
    },
    async stop() {
      isReady = false;
      // Fastify closes only servers that it made listen itself.
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await app?.close();
    },
  };
}
