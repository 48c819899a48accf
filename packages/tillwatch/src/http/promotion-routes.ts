import type { AlertRouter } from '@tillwatch/alerting';
import { type PromotionDesk, UnknownPromotionError } from '@tillwatch/checkout';
import { QueryError } from '@tillwatch/promql';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** What the promotion part of the API asks. */
export interface PromotionServices {
  /** `undefined` when the engine runs on standard files alone. */
  readonly promotions: PromotionDesk | undefined;
  readonly router: AlertRouter;
}

const NO_CALENDAR = 'there is no tillwatch.yaml, so there is no calendar of promotions';

/** One test of all receivers at a time. */
const BUSY = 'test messages are on their way already';

/**
 * The calendar of promotions with its checks and reports, and test messages through the process that runs: what it delivers
 * counts as "reached lately".
 */
export function registerPromotionRoutes(app: FastifyInstance, { promotions, router }: PromotionServices): void {
  app.get('/api/tillwatch/promotions', (_request, reply) => answer(reply, promotions, (desk) => desk.calendar()));
  app.get<{ Params: { name: string }; Querystring: { language?: string } }>(
    '/api/tillwatch/promotions/:name/readiness',
    ({ params, query }, reply) =>
      answer(reply, promotions, (desk) => desk.readiness(params.name, languageOf(query.language))),
  );
  app.get<{ Params: { name: string } }>('/api/tillwatch/promotions/:name/report', ({ params }, reply) =>
    answer(reply, promotions, (desk) => desk.report(params.name)),
  );

  let isTesting = false;
  app.post<{ Body: { receiver?: unknown } | null }>('/api/tillwatch/receivers/test', async (request, reply) => {
    const receiver = request.body?.receiver;
    if (receiver !== undefined && typeof receiver !== 'string') {
      return reply.code(400).send({ error: 'the body must be {} or {"receiver": "<name>"}' });
    }
    if (isTesting) return reply.code(409).send({ error: BUSY });
    isTesting = true;
    try {
      return { deliveries: await router.test(receiver) };
    } catch (error) {
      return reply.code(404).send({ error: (error as Error).message });
    } finally {
      isTesting = false;
    }
  });
}

async function answer(
  reply: FastifyReply,
  desk: PromotionDesk | undefined,
  ask: (desk: PromotionDesk) => Promise<unknown>,
): Promise<unknown> {
  if (desk === undefined) return reply.code(404).send({ error: NO_CALENDAR });
  try {
    return await ask(desk);
  } catch (error) {
    if (error instanceof UnknownPromotionError) return reply.code(404).send({ error: error.message });
    // What cannot be measured says why; the page shows it and asks again.
    if (error instanceof QueryError) return reply.code(503).send({ error: error.message });
    throw error;
  }
}

/** A language that somebody may write into an address; what is none is left out. */
function languageOf(tag: string | undefined): string | undefined {
  try {
    return tag === undefined ? undefined : new Intl.Locale(tag).toString();
  } catch {
    return undefined;
  }
}
