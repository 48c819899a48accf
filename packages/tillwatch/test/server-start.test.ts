import { silentLogger } from '@tillwatch/model';
import { expect, test } from 'vitest';
import { createHttpServer } from '../src/http/server.ts';

test('a request that comes while the routes are being put up is told to wait, and harms nothing', async () => {
  const http = await createHttpServer({ listen: { host: '127.0.0.1', port: 0 }, logger: silentLogger });
  try {
    // The routes only keep their services until somebody asks.
    const serving = http.serve({} as never);
    const early = Promise.all(Array.from({ length: 20 }, () => fetch(`${http.url()}/-/healthy`)));
    await serving;
    for (const { status } of await early) expect([200, 503]).toContain(status);
    expect((await fetch(`${http.url()}/-/healthy`)).status).toBe(200);
    expect((await fetch(`${http.url()}/-/ready`)).status).toBe(503);
    http.ready();
    expect((await fetch(`${http.url()}/-/ready`)).status).toBe(200);
  } finally {
    await http.stop();
  }
});
