import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Nothing but our own files: no inline script or style, no frames, no other hosts. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Adds the security headers to every answer and refuses changes that another site's page asks for. */
export function secure(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (isFromElsewhere(request)) return refuse(reply);
    return undefined;
  });
}

/** Lets in only who sits at this machine and knows it by a local name, so that no web page can reach in by DNS tricks. */
export function onlyLocal(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(host) && isLoopback(request.ip);
    return isLocal ? undefined : refuse(reply);
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

/** Browsers name the page's origin with every request that changes something; other programs do not. */
function isFromElsewhere(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  const { origin, host } = request.headers;
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply.code(403).send({ error: { code: 'forbidden', message: 'this request is not allowed from here' } });
}

/** Lets plain HTML forms through, which Fastify does not read by itself, and shuts out bodies of unknown shape. */
export function acceptForms(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: 4096 },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
}
