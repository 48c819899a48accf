import type { Database } from '../db/port.ts';
import { emptyShelf, restock } from '../db/schema.ts';
import { PROMOTED } from '../domain/catalogue.ts';
import type { Listener } from '../listener.ts';
import type { Carrier } from '../providers/carrier.ts';
import type { Service } from '../providers/service.ts';
import type { Rollout } from '../shop/rollout.ts';
import type { Watch } from '../shop/watch.ts';
import type { Switchboard } from './switchboard.ts';
import { BAD_RELEASE, NEXT_RELEASE } from './table.ts';

/** What the faults get their hands on. */
export interface FaultTargets {
  readonly database: Database;
  readonly services: readonly Service[];
  readonly carrier: Carrier;
  readonly listener: Listener;
  readonly watch: Watch;
  readonly rollout: Rollout;
}

/**
 * Makes those faults real that need more than somebody asking whether they are active. Gives back what has to be done
 * before the shop stops: connections that a fault holds are released.
 */
export function wireFaults(switchboard: Switchboard, targets: FaultTargets): () => Promise<void> {
  const { database, carrier, listener, watch, rollout } = targets;
  const service = (name: string) => targets.services.find((candidate) => candidate.name === name)!;
  let giveBack: (() => Promise<void>) | undefined;
  const returnConnections = async () => {
    const release = giveBack;
    giveBack = undefined;
    await release?.();
  };

  switchboard.on('provider-outage', (active) => service('nordbank').behave({ outage: active ? 'mixed' : 'none' }));
  const { errorRate, latencyMs } = service('acme-pay').behaviour();
  switchboard.on('provider-partial', (active) =>
    service('acme-pay').behave(active ? { errorRate: 0.4, latencyMs: latencyMs * 5 } : { errorRate, latencyMs }),
  );
  switchboard.on('region-outage', (active) => carrier.closeRegion('us', active));
  switchboard.on('bad-release', (active) => {
    if (active) watch.announce(BAD_RELEASE);
  });
  switchboard.on('rolling-deploy', (active) => {
    if (active) watch.announce(NEXT_RELEASE);
    rollout.turn(active);
  });
  switchboard.on('pool-exhausted', async (active) => {
    if (active) giveBack = database.leakConnections();
    else await returnConnections();
  });
  switchboard.on('stock-errors', (active) => (active ? emptyShelf(database, PROMOTED) : restock(database)));
  switchboard.on('shop-down', (active) => (active ? listener.close() : listener.open()));

  return returnConnections;
}
