import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpMetrics, type HttpOptions } from './http-metrics.ts';

/** A listener of a `node:http` server. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Wraps the listener of a `node:http` server so that its requests are counted. `route` names the template of a request
 * (such as `/orders/:id`) when its answer is complete, or `undefined` if there is none; never return a raw path.
 */
export function nodeHttpMetrics(
  options: HttpOptions & { readonly route: (request: IncomingMessage) => string | undefined },
  listener: Listener,
): Listener {
  const metrics = new HttpMetrics(options);
  return (request, response) => {
    metrics.watch(request, response, () => {
      try {
        return options.route(request);
      } catch {
        return undefined;
      }
    });
    listener(request, response);
  };
}
