import { formatProblems } from '@tillwatch/model';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { LoadResult } from '../configuration.ts';

export interface LifecycleServices {
  readonly reload: () => Promise<LoadResult<unknown>>;
  readonly selfMetrics: Registry;
}

/** `/metrics` of the process itself, and `POST /-/reload`. */
export function registerLifecycleRoutes(app: FastifyInstance, { reload, selfMetrics }: LifecycleServices): void {
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8').send(await selfMetrics.metrics()),
  );

  app.post('/-/reload', async (_request, reply) => {
    const { value, problems } = await reload();
    return reply
      .code(value === undefined ? 500 : 200)
      .type('text/plain; charset=utf-8')
      .send(value === undefined ? `failed to reload config:\n${formatProblems(problems)}\n` : formatProblems(problems));
  });
}
