import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import { type Counter, type CounterCell, counter } from '../cells/counter.ts';
import { type Histogram, type HistogramCell, histogram } from '../cells/histogram.ts';
import { monotonicMs } from '../clock.ts';
import { LabelGuard } from '../labels/label-guard.ts';
import { sanitizeLabel } from '../labels/sanitize.ts';
import { SelfMetrics } from '../self-metrics.ts';

/** Options of the HTTP instruments; the same for every framework. */
export interface HttpOptions {
  /** The registry to count in, usually `checkout.registry`. */
  readonly register: Registry;
  /** Upper bounds in seconds of `http_request_duration_seconds`. */
  readonly buckets?: readonly number[];
  /** How many route templates may be told apart before the rest becomes `other`. Default 200. */
  readonly maxRoutes?: number;
  /** Route templates that are not counted. Default `['/metrics']`: scrapes are not customers. */
  readonly ignore?: readonly string[];
  /** A clock in ms that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

/** The `route` of a request that no route answers. Never its path: a path is whatever a stranger types. */
const UNMATCHED = 'unmatched';

/** The `code` of a request whose client went away before the answer was complete, as nginx has it. */
const CLIENT_GONE = 499;

const BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE'];
/** Codes that exist as 0 from the first sight of a route, so that its first failure is growth. */
const INITIAL_CODES: readonly number[] = [500, 502, 503, 504];

/** The cells of one method and route. */
interface RouteCells {
  readonly method: string;
  readonly route: string;
  readonly byCode: Map<number, { readonly requests: CounterCell; readonly duration: HistogramCell }>;
}

/** Counts requests by method, route template and code. */
export class HttpMetrics {
  readonly #requests: Counter;
  readonly #duration: Histogram;
  readonly #routes: LabelGuard;
  readonly #ignore: ReadonlySet<string>;
  readonly #cells = new Map<string, Map<string, RouteCells>>();
  readonly #now: () => number;

  constructor(options: HttpOptions) {
    const self = new SelfMetrics(options.register);
    const maxRoutes = options.maxRoutes ?? 200;
    const limit = self.limit(maxRoutes * 10);
    const labelNames = ['method', 'route', 'code'];
    this.#requests = counter(options.register, 'http_requests_total', 'HTTP requests answered.', labelNames, {
      ...limit,
      keep: ['code'],
    });
    this.#duration = histogram(
      options.register,
      'http_request_duration_seconds',
      'Time from a request to the end of its answer.',
      labelNames,
      options.buckets ?? BUCKETS,
      { ...limit, maxCells: maxRoutes * 5, keep: ['code'] },
    );
    this.#routes = new LabelGuard({
      declared: [UNMATCHED],
      maxValues: maxRoutes,
      clean: sanitizeLabel,
      onFold: () => self.foldedLabel('route'),
    });
    this.#ignore = new Set(options.ignore ?? ['/metrics']);
    this.#now = options.now ?? monotonicMs;
  }

  /** Makes the counters of a route before its first request. */
  declare(method: string, route: string): void {
    if (!this.#ignore.has(route)) this.#route(method, route);
  }

  /** Counts one answered request. `route` is a template; undefined when no route matched. */
  observe(method: string, route: string | undefined, code: number, seconds: number): void {
    const template = route === undefined || route === '' ? UNMATCHED : route;
    if (this.#ignore.has(template)) return;
    const cells = this.#code(this.#route(method, template), code);
    cells.requests.value += 1;
    cells.duration.observe(seconds);
  }

  /** Counts the request when its answer is complete, or its client gone. `route` is asked then. */
  watch(request: IncomingMessage, response: ServerResponse, route: () => string | undefined): void {
    const startMs = this.#now();
    let isCounted = false;
    const count = (code: number): void => {
      if (isCounted) return;
      isCounted = true;
      this.observe(request.method ?? 'GET', route(), code, (this.#now() - startMs) / 1000);
    };
    response.once('finish', () => count(response.statusCode));
    response.once('close', () => count(response.writableFinished ? response.statusCode : CLIENT_GONE));
  }

  #route(method: string, route: string): RouteCells {
    return this.#cells.get(route)?.get(method) ?? this.#addRoute(method, route);
  }

  #addRoute(rawMethod: string, rawRoute: string): RouteCells {
    const route = this.#routes.admit(rawRoute);
    const method = METHODS.includes(rawMethod) ? rawMethod : 'other';
    let byMethod = this.#cells.get(route);
    if (byMethod === undefined) {
      byMethod = new Map();
      this.#cells.set(route, byMethod);
    }
    let cells = byMethod.get(method);
    if (cells === undefined) {
      cells = { method, route, byCode: new Map() };
      byMethod.set(method, cells);
      for (const code of INITIAL_CODES) this.#requests.cell(method, route, `${code}`);
    }
    return cells;
  }

  #code(cells: RouteCells, code: number): { readonly requests: CounterCell; readonly duration: HistogramCell } {
    // Node lets a program send any three digits.
    const bounded = code >= 100 && code <= 599 ? code : 0;
    let found = cells.byCode.get(bounded);
    if (found === undefined) {
      const { method, route } = cells;
      const label = bounded === 0 ? 'other' : `${bounded}`;
      found = {
        requests: this.#requests.cell(method, route, label),
        duration: this.#duration.cell(method, route, label),
      };
      cells.byCode.set(bounded, found);
    }
    return found;
  }
}
