import { isRegion, type Region } from '../domain/journey.ts';
import { Prng } from '../domain/prng.ts';
import { type Service, startService } from './service.ts';

/** One way to deliver an order. */
export interface Rate {
  readonly id: 'standard' | 'express';
  readonly name: string;
  readonly cents: number;
  readonly days: string;
}

/** What the carrier offers for an order, and into how many parcels it goes. */
export interface Quote {
  readonly rates: readonly Rate[];
  readonly parcels: readonly { readonly weightGrams: number }[];
}

/** A carrier with one desk per region, any of which can close. */
export interface Carrier extends Service {
  closeRegion(region: Region, closed: boolean): void;
}

const HEALTHY = { latencyMs: 35, declineRate: 0, outage: 'none' } as const;
const HICCUP_RATE = 0.001;
const PARCEL_GRAMS = 1500;

const RATES: Readonly<Record<Region, readonly Rate[]>> = {
  eu: [
    { id: 'standard', name: 'Standard', cents: 490, days: '2–3 days' },
    { id: 'express', name: 'Express', cents: 1190, days: 'tomorrow' },
  ],
  uk: [
    { id: 'standard', name: 'Standard', cents: 690, days: '3–5 days' },
    { id: 'express', name: 'Express', cents: 1590, days: '2 days' },
  ],
  us: [
    { id: 'standard', name: 'Standard', cents: 990, days: '5–8 days' },
    { id: 'express', name: 'Express', cents: 2190, days: '3 days' },
  ],
};

/** Starts the fictional carrier: `GET /v1/rates/{region}?weight=GRAMS`. */
export async function startCarrier(options: {
  readonly host: string;
  readonly seed: number;
  readonly hiccups: boolean;
}): Promise<Carrier> {
  const initially = { ...HEALTHY, errorRate: options.hiccups ? HICCUP_RATE : 0 };
  const closed = new Set<Region>();
  const service = await startService(
    'carrier',
    { host: options.host, random: new Prng(options.seed), initially },
    (app) => {
      app.get<{ Params: { region: string }; Querystring: { weight?: string } }>(
        '/v1/rates/:region',
        (request, reply) => {
          const { region } = request.params;
          const weightGrams = Number(request.query.weight);
          if (!isRegion(region)) return reply.code(404).send(problem('unknown_region'));
          if (!(weightGrams > 0 && weightGrams < 1_000_000)) return reply.code(400).send(problem('bad_weight'));
          if (closed.has(region)) return reply.code(503).send(problem('region_unavailable'));
          return reply.send({ rates: RATES[region], parcels: parcelsOf(weightGrams) } satisfies Quote);
        },
      );
    },
  );
  return {
    ...service,
    closeRegion(region, isClosed) {
      if (isClosed) closed.add(region);
      else closed.delete(region);
    },
  };
}

function parcelsOf(weightGrams: number): { weightGrams: number }[] {
  const count = Math.ceil(weightGrams / PARCEL_GRAMS);
  return Array.from({ length: count }, (_, i) => ({
    weightGrams: Math.min(PARCEL_GRAMS, weightGrams - i * PARCEL_GRAMS),
  }));
}

function problem(code: string): object {
  return { error: { code, message: code.replaceAll('_', ' ') } };
}
