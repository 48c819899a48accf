import type { IncomingMessage, ServerResponse } from 'node:http';
import { metricsHandler, type ReplyLike } from '../serve/metrics-handler.ts';
import { HttpMetrics, type HttpOptions } from './http-metrics.ts';

/** Options of the Fastify plugin. */
export interface FastifyMetricsOptions extends HttpOptions {
  /** Where `GET` answers the exposition; `false` for nowhere. Default `/metrics`. */
  readonly path?: string | false;
}

/** The part of a Fastify request that is used. */
interface RequestLike {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly url?: string | undefined };
  readonly is404: boolean;
}

/** The part of a Fastify route that is used. */
interface RouteLike {
  readonly method: string | readonly string[];
  readonly url: string;
}

/** The part of a Fastify instance that is used: Fastify itself is not a dependency. */
export interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: RequestLike, reply: { readonly raw: ServerResponse }, done: () => void) => void,
  ): unknown;
  addHook(name: 'onRoute', hook: (route: RouteLike) => void): unknown;
  get(path: string, handler: (request: unknown, reply: ReplyLike) => Promise<void>): unknown;
}

/**
 * A Fastify 5 plugin: `http_requests_total` and `http_request_duration_seconds` by route template for the whole
 * server, and `GET /metrics`. Register it before the routes, so that their counters exist from the start.
 *
 *     await app.register(fastifyMetrics, { register: checkout.registry });
 */
export const fastifyMetrics = Object.assign(
  (app: FastifyLike, options: FastifyMetricsOptions, done: () => void): void => {
    const metrics = new HttpMetrics(withIgnoredPath(options));
    app.addHook('onRoute', (route) => {
      for (const method of [route.method].flat()) {
        if (method !== 'HEAD' && method !== 'OPTIONS') metrics.declare(method, route.url);
      }
    });
    app.addHook('onRequest', (request, reply, next) => {
      metrics.watch(request.raw, reply.raw, () => (request.is404 ? undefined : request.routeOptions.url));
      next();
    });
    if (options.path !== false) app.get(options.path ?? '/metrics', metricsHandler(options.register));
    done();
  },
  {
    // Fastify keeps the hooks of a plugin inside of it, unless the plugin carries this mark.
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'tillwatch-instrument',
  },
);

function withIgnoredPath(options: FastifyMetricsOptions): HttpOptions {
  if (options.ignore !== undefined || typeof options.path !== 'string') return options;
  return { ...options, ignore: [options.path] };
}
