import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpMetrics, type HttpOptions } from './http-metrics.ts';

/** What Express adds to a request, as far as it is used. */
interface ExpressRequest extends IncomingMessage {
  baseUrl?: string;
  readonly params?: unknown;
  readonly route?: { readonly path?: unknown };
}

/** A middleware as Express 4 and 5 (and connect) take it. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/**
 * Middleware for Express 4 and 5: `http_requests_total` and `http_request_duration_seconds` by route template, those of
 * mounted routers put together (`/shops/:shop/orders/:id`). Use it before everything else. Requests that no route
 * answers, static files too, count as `unmatched`.
 *
 *     app.use(expressMetrics({ register: checkout.registry }));
 *     app.get('/metrics', checkout.metricsHandler);
 */
export function expressMetrics(options: HttpOptions): Middleware {
  const metrics = new HttpMetrics(options);
  return (request, response, next) => {
    const mounts = watchMounts(request);
    metrics.watch(request, response, () => routeOf(request, mounts));
    next();
  };
}

/** Mount paths as they were requested, and their templates. */
type Mounts = Map<string, string>;

/** A request that is handed through more mounts than this is not followed further. */
const MAX_MOUNTS = 32;

/**
 * Express keeps the template of a route, but of the routers above it only the path that matched: `/shops/42`. Whenever
 * it enters a router it sets `params` and then `baseUrl`, so this is where both are known at once, and the values can
 * be put back into names.
 */
function watchMounts(request: ExpressRequest): Mounts {
  let baseUrl = request.baseUrl ?? '';
  const mounts: Mounts = new Map([[baseUrl, baseUrl]]);
  Object.defineProperty(request, 'baseUrl', {
    configurable: true,
    enumerable: true,
    get: () => baseUrl,
    set(path: unknown) {
      const next = typeof path === 'string' ? path : '';
      if (!mounts.has(next) && mounts.size < MAX_MOUNTS)
        mounts.set(next, mountTemplate(mounts, baseUrl, next, request.params));
      baseUrl = next;
    },
  });
  return mounts;
}

function mountTemplate(mounts: Mounts, parent: string, path: string, params: unknown): string {
  const isBelow = path.startsWith(parent);
  const above = isBelow ? (mounts.get(parent) ?? parent) : '';
  const added = isBelow ? path.slice(parent.length) : path;
  const names = new Map(Object.entries(params ?? {}).map(([name, value]) => [String(value), `:${name}`]));
  return (
    above +
    added
      .split('/')
      .map((part) => names.get(decoded(part)) ?? part)
      .join('/')
  );
}

function routeOf(request: ExpressRequest, mounts: Mounts): string | undefined {
  const own = templateOf(request.route?.path);
  if (own === undefined) return undefined;
  const baseUrl = request.baseUrl ?? '';
  const above = mounts.get(baseUrl) ?? 'other';
  return own === '/' && above !== '' ? above : above + own;
}

/** A route may be declared by a string, an expression, or a list of both. */
function templateOf(path: unknown): string | undefined {
  if (typeof path === 'string') return path === '' ? '/' : path;
  if (path instanceof RegExp) return path.source;
  return Array.isArray(path) ? templateOf(path[0]) : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
