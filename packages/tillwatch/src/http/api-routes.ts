import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Parameters } from './parameters.ts';
import { parametersOf, sendFailure } from './reply.ts';

/** Answers one request of the API; what it throws becomes an error in the form of Prometheus. */
type ApiHandler = (parameters: Parameters, reply: FastifyReply, request: FastifyRequest) => unknown;

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

/** May pages of this origin, such as `https://grafana.example`, read what the API answers? */
export type OriginTest = (origin: string) => boolean;

/** Puts up routes below `/api/v1/` that treat methods, errors, caches and other origins all alike. */
export interface ApiRoutes {
  /** A route for `GET` (with `HEAD`). */
  get(url: string, handler: ApiHandler): void;
  /** A route for `GET`, and for `POST` with the parameters as a form: a query may be longer than a URL can be. */
  getOrPost(url: string, handler: ApiHandler): void;
  /** A route for the given methods only. */
  only(methods: readonly Method[], url: string, handler: ApiHandler): void;
}

/**
 * Routes in the manner of Prometheus: another method is answered 405, `OPTIONS` 204. Answers are not to be kept by caches, since even
 * the past can change: by samples that come late, by an import, by retention. Pages of origins that
 * `corsOrigin` allows may read answers; without it no foreign page may.
 */
export function createApiRoutes(app: FastifyInstance, corsOrigin: OriginTest | undefined): ApiRoutes {
  const prepare = (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('cache-control', 'no-store');
    if (corsOrigin === undefined) return;
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !corsOrigin(origin)) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-allow-headers', 'Accept, Authorization, Content-Type, Origin');
    reply.header('access-control-allow-methods', 'GET, POST, OPTIONS');
    reply.header('access-control-expose-headers', 'Date');
  };

  const only = (methods: readonly Method[], url: string, handler: ApiHandler) => {
    app.route({
      method: [...methods],
      url,
      async handler(request, reply) {
        prepare(request, reply);
        try {
          return await handler(parametersOf(request), reply, request);
        } catch (error) {
          return sendFailure(reply, error);
        }
      },
    });
    app.route({
      method: METHODS.filter((method) => !methods.includes(method)),
      url,
      async handler(request, reply) {
        prepare(request, reply);
        if (request.method === 'OPTIONS') return reply.code(204).send();
        reply.code(405).header('allow', [...methods, 'OPTIONS'].join(', '));
        return reply.type('text/plain; charset=utf-8').send('Method Not Allowed\n');
      },
    });
  };
  return {
    only,
    get: (url, handler) => only(['GET'], url, handler),
    getOrPost: (url, handler) => only(['GET', 'POST'], url, handler),
  };
}

/** Makes routes read forms, and protobuf as bytes; other bodies are passed over whatever they say they are, as Prometheus does. */
export function readApiBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, new URLSearchParams(body as string));
  });
  app.addContentTypeParser('application/x-protobuf', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null, undefined));
}
