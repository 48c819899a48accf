import { randomBytes } from 'node:crypto';
import { fastifyMetrics } from '@tillwatch/instrument';
import { type AdminServer, startAdminServer } from './admin/server.ts';
import { openPglite } from './db/pglite.ts';
import { openPostgres } from './db/postgres.ts';
import { forgetOld, prepareDatabase, restock } from './db/schema.ts';
import { PROMOTED } from './domain/catalogue.ts';
import { PROVIDERS, type Provider } from './domain/journey.ts';
import { Prng } from './domain/prng.ts';
import { wireFaults } from './faults/effects.ts';
import { Switchboard } from './faults/switchboard.ts';
import type { FaultName } from './faults/table.ts';
import { Listener } from './listener.ts';
import { startCarrier } from './providers/carrier.ts';
import { ServiceClient } from './providers/client.ts';
import { startPaymentProvider } from './providers/payment-provider.ts';
import { createShopApp } from './shop/app.ts';
import { Checkout, type ShopLog } from './shop/checkout.ts';
import { OrderStore } from './shop/orders.ts';
import { Releases } from './shop/releases.ts';
import { Rollout } from './shop/rollout.ts';
import { type ShopStats, Tally } from './shop/stats.ts';
import { createWatch } from './shop/watch.ts';
import { Traffic, type TrafficStats } from './traffic/generator.ts';

/** How to start the shop. Everything has a default. */
export interface ShopOptions {
  /** Port of the shop's pages, API and metrics. Default 0: a free one. */
  readonly port?: number;
  /** Port of the admin page and API. Default 0: a free one. */
  readonly adminPort?: number;
  /** The loopback address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** A PostgreSQL server, `postgres://…`. Default: an embedded database in memory. */
  readonly databaseUrl?: string | undefined;
  /** A folder for the embedded database to keep its content in. Default: in memory. */
  readonly dataDir?: string | undefined;
  /** Decides which customers come and what chance does elsewhere. Default 1. */
  readonly seed?: number;
  /** Customers per minute, on average over a day. Default 90. */
  readonly ratePerMinute?: number;
  /** Whether customers come by themselves. Default true. */
  readonly traffic?: boolean;
  /** Whether their number follows the hours of the day. Default true. */
  readonly rhythm?: boolean;
  /** How many times faster than people customers think, and the day of the rhythm passes. Default 1. */
  readonly speed?: number;
  /** Whether providers and carrier fail once in a few hundred calls by themselves, as they do. Default true. */
  readonly hiccups?: boolean;
  /** Where failed checkouts and trouble are written; a pino logger fits. Default: nowhere. */
  readonly log?: ShopLog | undefined;
  /** The version that serves most customers. Default 2.3.1. */
  readonly version?: string | undefined;
  /** A checkout without a sign of life for so long counts as abandoned. Default 3 minutes. */
  readonly checkoutTimeoutMs?: number;
}

/** A running shop, with everything that belongs to it: providers, carrier, database, customers and faults. */
export interface Shop {
  readonly url: string;
  readonly metricsUrl: string;
  readonly adminUrl: string;
  readonly database: 'pglite' | 'postgres';
  readonly providers: readonly { readonly name: Provider; readonly url: string }[];
  /** Resolves when the fault is real, or over. Setting it twice is as good as once. */
  setFault(name: FaultName, active: boolean): Promise<void>;
  /** Every fault with its state, in the order of `FAULTS`. */
  faults(): readonly { readonly name: FaultName; readonly active: boolean }[];
  /** The truth since the start. */
  stats(): ShopStats;
  /** The truth as the customers saw it; all zeros without traffic. */
  traffic(): TrafficStats;
  setRate(ratePerMinute: number): void;
  /** Ends everything that was started. Can be called more than once. */
  stop(): Promise<void>;
}

const POOL_SIZE = 10;
const ACQUIRE_TIMEOUT_MS = 1000;
const STATEMENT_TIMEOUT_MS = 2000;
const PROVIDER_TIMEOUT_MS = 2500;
const CARRIER_TIMEOUT_MS = 1500;
const RESTOCK_EVERY_MS = 15_000;
const FORGET_EVERY_MS = 600_000;
const KEEP_ORDERS_MINUTES = 360;

const SILENT: ShopLog = { info() {}, warn() {}, error() {} };

/**
 * Starts the shop. Rejects when a port is taken or the database does not answer; nothing is left running then.
 */
export async function startShop(options: ShopOptions = {}): Promise<Shop> {
  const stops: (() => unknown)[] = [];
  const stop = once(async () => {
    for (const end of stops.reverse()) await end();
  });
  try {
    return await assemble(options, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(options: ShopOptions, stops: (() => unknown)[], stop: () => Promise<void>): Promise<Shop> {
  const { host = '127.0.0.1', seed = 1, log = SILENT, ratePerMinute = 90, speed = 1, hiccups = true } = options;
  const random = new Prng(seed);
  const switchboard = new Switchboard();
  const tally = new Tally();

  const listener = new Listener(host, options.port ?? 0);
  const rollout = new Rollout(() => listener.drain());
  stops.push(() => rollout.stop());
  const releases = new Releases(
    random.fork(),
    { isBad: () => switchboard.isActive('bad-release'), rolledOut: () => rollout.share() },
    options.version,
  );
  const watch = createWatch({ version: releases.stableVersion, log });
  stops.push(() => watch.stop());
  watch.announce(releases.canaryVersion);

  const diskMood = random.fork();
  const databaseOptions = {
    poolSize: POOL_SIZE,
    acquireTimeoutMs: ACQUIRE_TIMEOUT_MS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    delayMs: () => (switchboard.isActive('slow-database') ? diskMood.aroundMedian(1100, 0.55) : 0),
    register: watch.registry,
  };
  const database =
    options.databaseUrl === undefined
      ? await openPglite(databaseOptions, options.dataDir)
      : await openPostgres(options.databaseUrl, databaseOptions);
  stops.push(() => database.close());
  await prepareDatabase(database);

  const services = await Promise.all(
    PROVIDERS.map((name, i) => startPaymentProvider(name, { host, seed: seed * 31 + i, hiccups })),
  );
  const carrier = await startCarrier({ host, seed: seed * 31 + 7, hiccups });
  const clients = new Map(
    services.map((service, i) => [
      PROVIDERS[i] as Provider,
      new ServiceClient(service.name, service.url, PROVIDER_TIMEOUT_MS),
    ]),
  );
  const carrierClient = new ServiceClient('carrier', carrier.url, CARRIER_TIMEOUT_MS);
  stops.push(() => Promise.all([...services, carrier].map((service) => service.stop())));
  stops.push(() => Promise.all([...clients.values(), carrierClient].map((client) => client.close())));

  const orders = new OrderStore(database);
  const checkout = new Checkout({
    ...{ orders, releases, tally, log },
    watch: watch.checkout,
    providers: clients,
    carrier: carrierClient,
    timeoutMs: options.checkoutTimeoutMs ?? 180_000,
  });
  stops.push(() => checkout.stop());

  const app = await createShopApp({
    ...{ checkout, orders, tally, log },
    cookieSecret: randomBytes(32).toString('base64url'),
    isPageBroken: () => switchboard.isActive('broken-page'),
    instrument: (server) => server.register(fastifyMetrics, { register: watch.registry }),
    serverFactory: (handler) => listener.serve(handler),
  });
  stops.push(() => app.close());
  await listener.open();
  stops.push(() => listener.close());

  const traffic = new Traffic({
    url: listener.url,
    seed: seed * 17 + 3,
    ratePerMinute,
    rhythm: options.rhythm ?? true,
    speed,
    conditions: () => ({
      surge: switchboard.isActive('promotion') ? 4.5 : switchboard.isActive('stock-errors') ? 2 : 1,
      promotedShare: switchboard.isActive('stock-errors') ? 0.7 : switchboard.isActive('promotion') ? 0.5 : 0.2,
      botsPerMinute: switchboard.isActive('card-testing') ? traffic.ratePerMinute * 3 : 0,
    }),
  });
  stops.push(() => traffic.stop());

  const undo = wireFaults(switchboard, { database, services, carrier, listener, watch, rollout });
  stops.push(undo);
  stops.push(
    every(RESTOCK_EVERY_MS, () => restock(database, switchboard.isActive('stock-errors') ? PROMOTED : undefined)),
    every(FORGET_EVERY_MS, () => (database.kind === 'pglite' ? forgetOld(database, KEEP_ORDERS_MINUTES) : undefined)),
  );

  const stats = () => tally.read(checkout.open);
  const admin: AdminServer = await startAdminServer({
    ...{ host, port: options.adminPort ?? 0, switchboard, stats, traffic, shopUrl: listener.url },
    services: [...services, carrier],
  });
  stops.push(() => admin.stop());
  if (options.traffic ?? true) traffic.start();

  return {
    url: listener.url,
    metricsUrl: `${listener.url}/metrics`,
    adminUrl: admin.url,
    database: database.kind,
    providers: services.map((service, i) => ({ name: PROVIDERS[i] as Provider, url: service.url })),
    setFault: (name, active) => switchboard.set(name, active),
    faults: () => switchboard.states(),
    stats,
    traffic: () => traffic.stats(),
    setRate: (rate) => traffic.setRate(rate),
    stop,
  };
}

/** Does something again and again until it is stopped; what fails is tried again next time. */
function every(ms: number, work: () => unknown): () => void {
  const timer = setInterval(() => void Promise.resolve(work()).catch(() => undefined), ms);
  timer.unref();
  return () => clearInterval(timer);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
