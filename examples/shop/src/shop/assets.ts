import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';

interface Asset {
  readonly body: string;
  readonly type: string;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files under `public/` are found from the sources and from what was built alike: both lie one folder deep. */
export function readAsset(file: string): Asset {
  return asset(file, readFileSync(new URL(`../../public/${file}`, import.meta.url), 'utf8'));
}

/** A file as a botched deployment would have left it: cut off in the middle of a statement. */
export function cutOff(file: string): Asset {
  const { body } = readAsset(file);
  return asset(file, body.slice(0, Math.floor(body.length * 0.6)));
}

function asset(file: string, body: string): Asset {
  const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'text/plain; charset=utf-8';
  return { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"` };
}

/** Serves `/assets/{file}`; `choose` is asked at every request. Browsers keep files, but ask whether they changed. */
export function serveAsset(app: FastifyInstance, file: string, choose: () => Asset): void {
  app.get(`/assets/${file}`, (request, reply) => {
    const { body, type, etag } = choose();
    reply.headers({ etag, 'cache-control': 'no-cache' });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    return reply.type(type).send(body);
  });
}
