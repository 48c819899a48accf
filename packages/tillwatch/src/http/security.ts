import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OriginTest } from './api-routes.ts';

/**
 * Everything on the page comes from this server, and nothing inline runs. Received e-mails are shown in sandboxed frames
 * whose styles are inline, which is why styles may be.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Sent with every answer. */
export const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ['content-security-policy', CONTENT_SECURITY_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['x-frame-options', 'DENY'],
];

/**
 * Refuses requests that a foreign page makes a browser send here: what changes something must come from our own origin.
 * Tools send no Origin header and pass. Pages of an origin that `corsOrigin` allows may ask below `/api/v1/`, where nothing is changed.
 */
export function guardOrigin(corsOrigin: OriginTest | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (isOwn(request) || (isApi(request) && corsOrigin?.(request.headers.origin ?? '') === true)) return;
    await reply.code(403).send({
      status: 'error',
      errorType: 'bad_data',
      error: 'requests from other origins may not change anything here',
    });
  };
}

function isApi({ url }: FastifyRequest): boolean {
  return url.startsWith('/api/v1/');
}

function isOwn(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return true;
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  let host: string | undefined;
  try {
    host = new URL(origin).host;
  } catch {
    // `null` and other opaque origins are foreign.
  }
  return host === request.headers.host;
}
