import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/** The example shop as a process of its own, on a real PostgreSQL server that listens on a socket in a folder of ours. */

const BIN = findPostgres();
const SHOP = fileURLToPath(new URL('../../examples/shop/dist/main.js', import.meta.url));

function findPostgres(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

const isRoot = process.getuid?.() === 0;

/** PostgreSQL refuses to run as root, so root lends it the user that its package brings. */
function asPostgres(command: string, args: readonly string[]): [command: string, args: string[]] {
  return isRoot ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, [...args]];
}

interface Addresses {
  readonly url: string;
  readonly adminUrl: string;
  readonly metricsUrl: string;
  readonly database: string;
}

describe.skipIf(BIN === undefined)(
  `the shop on PostgreSQL${BIN === undefined ? ' (skipped: no initdb here)' : ''}`,
  () => {
    let dir: string;
    let shop: ChildProcess;
    let addresses: Addresses;

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'shop-postgres-'));
      if (isRoot) chownSync(dir, Number(id('-u')), Number(id('-g')));
      const data = join(dir, 'data');
      run('initdb', ['--pgdata', data, '--username', 'shop', '--auth', 'trust', '--no-sync', '--encoding', 'UTF8']);
      run('pg_ctl', [
        ...['start', '--pgdata', data, '--wait', '--silent', '--log', join(dir, 'log')],
        ...['--options', `-k ${dir} -c listen_addresses='' -c fsync=off`],
      ]);
      const databaseUrl = `postgres://shop@localhost/postgres?host=${encodeURIComponent(dir)}`;
      shop = spawn(
        process.execPath,
        [
          SHOP,
          ...'serve --port 0 --admin-port 0 --json --rate 600 --speed 40 --no-rhythm --exit-with-parent'.split(' '),
        ],
        { env: { ...process.env, DATABASE_URL: databaseUrl, NODE_OPTIONS: '' }, stdio: ['pipe', 'pipe', 'inherit'] },
      );
      addresses = await firstLine(shop);
    }, 60_000);

    afterAll(async () => {
      await end(shop);
      const pidFile = join(dir, 'data', 'postmaster.pid');
      if (existsSync(pidFile)) {
        const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
        // SIGQUIT: stop at once, without waiting for clients.
        process.kill(pid, 'SIGQUIT');
        await until(async () => !existsSync(pidFile), 10_000);
      }
      rmSync(dir, { recursive: true, force: true });
    }, 30_000);

    test('sells, and every order is a row with its items, its stock and a captured payment', async () => {
      expect(addresses.database).toBe('postgres');
      await until(async () => (await stats()).orders >= 30);
      await rate(0);
      await until(async () => (await stats()).open === 0 || (await customers()) === 0);

      const { orders, orderValue } = await stats();
      const paid = "FROM orders JOIN payments ON payments.order_id = orders.id WHERE orders.status = 'paid'";
      expect(sql(`SELECT count(*), sum(total_cents) ${paid} AND payments.status = 'captured'`)).toBe(
        `${orders}|${Math.round(orderValue * 100)}`,
      );
      expect(
        sql(
          'SELECT count(*) FROM orders WHERE total_cents <> shipping_cents + (SELECT sum(quantity * unit_price_cents) FROM order_items WHERE order_id = orders.id)',
        ),
      ).toBe('0');
      expect(sql('SELECT (SELECT sum(quantity) FROM order_items) + (SELECT sum(on_hand) FROM stock)')).toBe(
        sql('SELECT count(*) * 500 FROM products'),
      );
      const metrics = await (await fetch(addresses.metricsUrl)).text();
      expect(metrics).toMatch(/db_query_duration_seconds_count\{operation="commit",outcome="success"\} [1-9]/);
      expect(metrics).toMatch(/db_pool_max_connections\{pool="default"\} 10/);
    });

    test('feels a slow database, an exhausted pool and an empty shelf as with the embedded one', async () => {
      await rate(300);
      await expectFailures('stock-errors', 'oversold');
      expect(sql("SELECT on_hand >= 0 FROM stock WHERE product_id = 'gipfel'")).toBe('t');
      await expectFailures('pool-exhausted', 'db_pool_exhausted');
      await expectFailures('slow-database', 'db_timeout');
      const before = (await stats()).orders;
      await until(async () => (await stats()).orders > before);
    });

    test('ends when its parent goes away, and leaves no connection behind', async () => {
      shop.stdin?.end();
      await until(async () => shop.exitCode !== null, 15_000);
      expect(shop.exitCode).toBe(0);
      // The server notices at the end of a statement, and the slowest took two seconds.
      const connections = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bergfalke-shop'";
      await until(async () => sql(connections) === '0', 10_000);
    });

    /** Breaks something, waits until the metrics name the reason, and heals it. */
    async function expectFailures(fault: string, reason: string): Promise<void> {
      await send('POST', `/admin/faults/${fault}`, { active: true });
      const failure = new RegExp(`^checkout_outcomes_total\\{[^}]*reason="${reason}"[^}]*\\} [1-9]`, 'm');
      await until(async () => failure.test(await (await fetch(addresses.metricsUrl)).text()));
      await send('POST', `/admin/faults/${fault}`, { active: false });
    }

    function sql(query: string): string {
      return run('psql', ['-h', dir, '-U', 'shop', '-d', 'postgres', '-At', '-c', query]).trim();
    }

    async function stats(): Promise<{ orders: number; orderValue: number; open: number }> {
      return (await all()).shop;
    }

    async function customers(): Promise<number> {
      return (await all()).customers.present;
    }

    async function all(): Promise<{
      shop: { orders: number; orderValue: number; open: number };
      customers: { present: number };
    }> {
      return (await (await fetch(`${addresses.adminUrl}/admin/stats`)).json()) as never;
    }

    function rate(perMinute: number): Promise<void> {
      return send('PUT', '/admin/rate', { perMinute });
    }

    async function send(method: string, path: string, body: object): Promise<void> {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${addresses.adminUrl}${path}`, { method, headers, body: JSON.stringify(body) });
      expect(response.status).toBe(200);
    }
  },
);

function run(program: string, args: readonly string[]): string {
  const [command, all] = asPostgres(join(BIN!, program), args);
  return execFileSync(command, all, { encoding: 'utf8', cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
}

function id(flag: '-u' | '-g'): string {
  return execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim();
}

async function firstLine(child: ChildProcess): Promise<Addresses> {
  for await (const line of createInterface({ input: child.stdout! })) return JSON.parse(line) as Addresses;
  throw new Error(`the shop ended before it was ready, exit code ${child.exitCode}`);
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  child.kill('SIGKILL');
  await until(async () => child.exitCode !== null || child.signalCode !== null, 5000);
}

async function until(is: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await is())) {
    if (Date.now() > endMs) throw new Error(`still not so after ${timeoutMs} ms: ${is}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
