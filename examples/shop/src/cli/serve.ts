import { pino } from 'pino';
import type { ShopLog } from '../shop/checkout.ts';
import { type Shop, startShop } from '../start-shop.ts';

/** The flags of `serve`, as commander gives them. */
export interface ServeFlags {
  readonly port: number;
  readonly adminPort: number;
  readonly rate: number;
  readonly speed: number;
  readonly seed: number;
  readonly traffic: boolean;
  readonly rhythm: boolean;
  readonly release?: string;
  readonly databaseUrl?: string;
  readonly dataDir?: string;
  readonly log?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly exitWithParent?: boolean;
}

const STATUS_EVERY_MS = 10_000;

/** Runs the shop until a signal, or until the parent process is gone if that was asked for. */
export async function serve(flags: ServeFlags): Promise<void> {
  const shop = await startShop({
    port: flags.port,
    adminPort: flags.adminPort,
    databaseUrl: flags.databaseUrl,
    dataDir: flags.dataDir,
    seed: flags.seed,
    ratePerMinute: flags.rate,
    traffic: flags.traffic,
    rhythm: flags.rhythm,
    speed: flags.speed,
    version: flags.release,
    log: openLog(flags.log),
  });
  announce(shop, flags);
  const status =
    flags.json === true || flags.quiet === true
      ? undefined
      : setInterval(() => print(statusLine(shop)), STATUS_EVERY_MS);

  await untilAskedToEnd(flags.exitWithParent ?? false);
  clearInterval(status);
  // Whatever still hangs after this must not keep the process: a demo's shop never stays behind.
  setTimeout(() => process.exit(0), 5000).unref();
  await shop.stop();
  process.exit(0);
}

function openLog(file: string | undefined): ShopLog | undefined {
  if (file === undefined) return undefined;
  return pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(file === '-' ? 1 : { dest: file, mkdir: true }),
  );
}

function announce(shop: Shop, flags: ServeFlags): void {
  const { url, adminUrl, metricsUrl, database, providers } = shop;
  if (flags.json === true) {
    print(JSON.stringify({ url, adminUrl, metricsUrl, database, providers, pid: process.pid }));
    return;
  }
  print(
    `shop     ${url}`,
    `metrics  ${metricsUrl}`,
    `switches ${adminUrl}/admin`,
    `database ${database}, ${flags.traffic ? `${flags.rate} customers a minute` : 'no customers but you'}`,
  );
}

function statusLine(shop: Shop): string {
  const { attempts, orders, orderValue, failed, declined, abandoned } = shop.stats();
  const { present, stuck, unreachable } = shop.traffic();
  const broken = shop.faults().filter((fault) => fault.active);
  const parts = [
    `${attempts} checkouts`,
    `${orders} orders`,
    `EUR ${orderValue.toFixed(2)}`,
    `${failed} failed`,
    `${declined} declined`,
    `${abandoned} left`,
    `${present} in the shop`,
  ];
  if (stuck > 0) parts.push(`${stuck} stuck`);
  if (unreachable > 0) parts.push(`${unreachable} without an answer`);
  if (broken.length > 0) parts.push(`broken: ${broken.map((fault) => fault.name).join(', ')}`);
  return `${new Date().toISOString().slice(11, 19)} ${parts.join(' · ')}`;
}

function untilAskedToEnd(withParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = () => resolve();
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
    if (!withParent) return;
    process.once('disconnect', end);
    process.stdin.once('end', end).once('close', end).once('error', end).resume();
  });
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
