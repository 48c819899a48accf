import Fastify from 'fastify';
import type { Switchboard } from '../faults/switchboard.ts';
import { FAULT_NAMES, FAULTS, isFaultName } from '../faults/table.ts';
import type { Service } from '../providers/service.ts';
import { readAsset, serveAsset } from '../shop/assets.ts';
import { onlyLocal, secure } from '../shop/security.ts';
import type { ShopStats } from '../shop/stats.ts';
import type { Traffic } from '../traffic/generator.ts';
import { adminPage } from './page.ts';

/** The door for those who break and heal the shop. It has a port of its own and stays open when the shop is down. */
export interface AdminServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface AdminOptions {
  readonly host: string;
  readonly port: number;
  readonly shopUrl: string;
  readonly switchboard: Switchboard;
  readonly stats: () => ShopStats;
  readonly traffic: Traffic;
  readonly services: readonly Service[];
}

const MAX_RATE = 1200;

/** Serves the page `/admin` and its JSON, to this machine only. */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const { switchboard, traffic } = options;
  const app = Fastify({ bodyLimit: 4096, forceCloseConnections: true });
  onlyLocal(app);
  secure(app);

  for (const file of ['shop.css', 'admin.css', 'admin.js', 'mark.svg']) {
    const asset = readAsset(file);
    serveAsset(app, file, () => asset);
  }
  app.get('/', (_request, reply) => reply.redirect('/admin', 302));
  app.get('/admin', (_request, reply) => {
    const page = adminPage(faultStates(switchboard), options.shopUrl);
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(page);
  });
  app.get('/admin/faults', () => ({ faults: faultStates(switchboard) }));
  app.post<{ Params: { name: string } }>('/admin/faults/:name', async (request, reply) => {
    const { name } = request.params;
    const active = (request.body as { active?: unknown } | null)?.active;
    if (!isFaultName(name)) {
      return reply
        .code(404)
        .send(problem('unknown_fault', `unknown fault "${name}"; known are ${FAULT_NAMES.join(', ')}`));
    }
    if (typeof active !== 'boolean')
      return reply.code(400).send(problem('bad_request', 'expected {"active": true or false}'));
    await switchboard.set(name, active);
    return { name, active };
  });
  app.post('/admin/heal', async () => {
    await switchboard.healAll();
    return { faults: faultStates(switchboard) };
  });
  app.get('/admin/stats', () => ({
    shop: options.stats(),
    customers: traffic.stats(),
    ratePerMinute: traffic.ratePerMinute,
    services: options.services.map((service) => ({ name: service.name, url: service.url, ...service.behaviour() })),
  }));
  app.put('/admin/rate', (request, reply) => {
    const rate = (request.body as { perMinute?: unknown } | null)?.perMinute;
    if (typeof rate !== 'number' || !(rate >= 0 && rate <= MAX_RATE)) {
      return reply.code(400).send(problem('bad_request', `expected {"perMinute": a number from 0 to ${MAX_RATE}}`));
    }
    traffic.setRate(rate);
    return { ratePerMinute: rate };
  });

  const url = await app.listen({ host: options.host, port: options.port });
  return { url, stop: () => app.close() };
}

function faultStates(switchboard: Switchboard) {
  return FAULTS.map((fault) => ({ ...fault, active: switchboard.isActive(fault.name) }));
}

function problem(code: string, message: string): object {
  return { error: { code, message } };
}
