import { randomUUID } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import type { Provider } from '../domain/journey.ts';
import { Prng } from '../domain/prng.ts';
import { BoundedMap } from './bounded-map.ts';
import { type Service, startService } from './service.ts';

/** What a bank makes of a card; the shop's pages and the traffic send it in place of card data, which nobody here has. */
export const BANK_ANSWERS = [
  'approved',
  'card_declined',
  'insufficient_funds',
  'expired_card',
  'fraud_suspected',
  'authentication_required',
] as const;
export type BankAnswer = (typeof BANK_ANSWERS)[number];

const MESSAGES: Readonly<Record<BankAnswer, string>> = {
  approved: 'approved',
  card_declined: 'the bank declined the payment',
  insufficient_funds: 'the account does not cover the amount',
  expired_card: 'the card has expired',
  fraud_suspected: 'blocked: looks like fraud',
  authentication_required: "the card's owner has to confirm this payment",
};

const HEALTHY = { latencyMs: 70, declineRate: 0, outage: 'none' } as const;
const HICCUP_RATE = 0.002;

/** How many authorisations and remembered requests a provider keeps; the oldest are forgotten first. */
const KEPT = 10_000;

interface Authorisation {
  readonly id: string;
  readonly amountCents: number;
  status: 'authorised' | 'captured' | 'voided';
}

interface Answer {
  readonly status: number;
  readonly body: object;
}

const PAYMENT_SCHEMA = {
  type: 'object',
  required: ['amountCents', 'currency', 'method', 'card'],
  properties: {
    amountCents: { type: 'integer', minimum: 1, maximum: 100_000_000 },
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
    method: { type: 'string', maxLength: 40 },
    card: { enum: BANK_ANSWERS },
  },
} as const;

/**
 * Starts a fictional payment provider: authorise, then capture or void. Requests with an `Idempotency-Key` that was seen
 * before get the first answer again, so a shop may repeat what it has no answer to.
 */
export function startPaymentProvider(
  name: Provider,
  options: { readonly host: string; readonly seed: number; readonly hiccups: boolean },
): Promise<Service> {
  const random = new Prng(options.seed);
  const authorisations = new BoundedMap<Authorisation>(KEPT);
  const answers = new BoundedMap<Answer>(KEPT);

  function authorise(body: { amountCents: number; card: BankAnswer }, declineRate: number): Answer {
    const code = body.card === 'approved' && random.chance(declineRate) ? 'card_declined' : body.card;
    if (code !== 'approved') return { status: 402, body: { error: { code, message: MESSAGES[code] } } };
    const authorisation: Authorisation = { id: randomUUID(), amountCents: body.amountCents, status: 'authorised' };
    authorisations.set(authorisation.id, authorisation);
    return { status: 201, body: authorisation };
  }

  function settle(id: string, status: 'captured' | 'voided', reply: FastifyReply) {
    const authorisation = authorisations.get(id);
    if (authorisation === undefined) return reply.code(404).send(problem('unknown_authorisation'));
    if (authorisation.status !== 'authorised' && authorisation.status !== status) {
      return reply.code(409).send(problem(`already_${authorisation.status}`));
    }
    authorisation.status = status;
    return reply.send(authorisation);
  }

  const initially = { ...HEALTHY, errorRate: options.hiccups ? HICCUP_RATE : 0 };
  return startService(name, { host: options.host, random, initially }, (app, behaviour) => {
    app.post<{ Body: { amountCents: number; card: BankAnswer } }>(
      '/v1/authorisations',
      { schema: { body: PAYMENT_SCHEMA } },
      (request, reply) => {
        const key = request.headers['idempotency-key'];
        const first = typeof key === 'string' ? answers.get(key) : undefined;
        const answer = first ?? authorise(request.body, behaviour().declineRate);
        if (typeof key === 'string') answers.set(key, answer);
        return reply.code(answer.status).send(answer.body);
      },
    );
    app.post<{ Params: { id: string } }>('/v1/authorisations/:id/capture', (request, reply) =>
      settle(request.params.id, 'captured', reply),
    );
    app.post<{ Params: { id: string } }>('/v1/authorisations/:id/void', (request, reply) =>
      settle(request.params.id, 'voided', reply),
    );
    app.get<{ Params: { id: string } }>('/v1/authorisations/:id', (request, reply) => {
      const authorisation = authorisations.get(request.params.id);
      if (authorisation === undefined) return reply.code(404).send(problem('unknown_authorisation'));
      return reply.send(authorisation);
    });
  });
}

function problem(code: string): object {
  return { error: { code, message: code.replaceAll('_', ' ') } };
}
