import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Prng } from '../domain/prng.ts';
import { type Behaviour, readBehaviourChange } from './behaviour.ts';

/** A service of somebody else that the shop depends on, with its own listener and its own moods. */
export interface Service {
  readonly name: string;
  readonly url: string;
  behaviour(): Behaviour;
  behave(change: Partial<Behaviour>): void;
  stop(): Promise<void>;
}

/** The longest that a hanging request is kept; every client of ours has given up long before. */
const MAX_HANG_MS = 60_000;

/**
 * Starts a service on a free port. `addRoutes` gives it its own routes; latency, errors and outages are applied to all
 * of them in front. `GET` and `PATCH /behaviour` show and change its mood (`{"outage":"hang"}`).
 */
export async function startService(
  name: string,
  options: { readonly host: string; readonly random: Prng; readonly initially: Behaviour },
  addRoutes: (app: FastifyInstance, behaviour: () => Behaviour) => void,
): Promise<Service> {
  const { random } = options;
  let behaviour = options.initially;
  const behave = (change: Partial<Behaviour>) => {
    behaviour = { ...behaviour, ...change };
  };
  const app = Fastify({ bodyLimit: 16_384, forceCloseConnections: true });

  app.get('/behaviour', () => behaviour);
  app.patch('/behaviour', (request, reply) => {
    const change = readBehaviourChange(request.body);
    if (typeof change === 'string') return reply.code(400).send({ error: { code: 'bad_request', message: change } });
    behave(change);
    return behaviour;
  });
  app.register(async (api) => {
    api.addHook('onRequest', async (_request, reply) => {
      if (behaviour.outage !== 'none') return breakDown(reply, behaviour.outage, random);
      await sleep(random.aroundMedian(behaviour.latencyMs, 0.35));
      if (random.chance(behaviour.errorRate)) {
        return reply.code(500).send({ error: { code: 'internal_error', message: 'something went wrong on our side' } });
      }
      return undefined;
    });
    addRoutes(api, () => behaviour);
  });

  const url = await app.listen({ host: options.host, port: 0 });
  return { name, url, behaviour: () => behaviour, behave, stop: () => app.close() };
}

async function breakDown(reply: FastifyReply, outage: Behaviour['outage'], random: Prng): Promise<FastifyReply> {
  const kind = outage === 'mixed' ? random.pick(['unavailable', 'unavailable', 'hang', 'drop'] as const) : outage;
  if (kind === 'unavailable') {
    return reply.code(503).send({ error: { code: 'unavailable', message: 'service unavailable' } });
  }
  reply.hijack();
  if (kind === 'drop') reply.raw.destroy();
  else setTimeout(() => reply.raw.destroy(), MAX_HANG_MS).unref();
  return reply;
}
