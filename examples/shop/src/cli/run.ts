import { Command, InvalidArgumentError, Option } from 'commander';
import { FAULT_NAMES, type FaultName, isFaultName } from '../faults/table.ts';
import { breakShop, healShop, listFaults } from './remote.ts';
import { type ServeFlags, serve } from './serve.ts';

/** Where `break`, `heal` and `faults` look for the shop unless they are told. */
const DEFAULT_ADMIN_PORT = 4001;
const DEFAULT_PORT = 4000;

/** Runs one command line. Sets the exit code; problems go to standard error in one sentence. */
export async function runCli(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync([...argv]);
  } catch (error) {
    process.stderr.write(`error: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function program(): Command {
  const url = new Option('--url <url>', 'the admin address that the shop printed')
    .env('SHOP_ADMIN_URL')
    .default(`http://127.0.0.1:${DEFAULT_ADMIN_PORT}`);
  const root = new Command('shop').description('A small web shop with a checkout, to be watched and to be broken.');
  root
    .command('serve', { isDefault: true })
    .description('run the shop, its providers and its customers')
    .option('--port <port>', 'pages, checkout and /metrics; 0 for a free one', port, DEFAULT_PORT)
    .option('--admin-port <port>', 'the switches; 0 for a free one', port, DEFAULT_ADMIN_PORT)
    .option('--rate <number>', 'customers per minute', numberIn(0, 1200), 90)
    .option('--speed <number>', 'how many times faster than people customers act', numberIn(0.1, 100), 1)
    .option('--seed <number>', 'decides which customers come', numberIn(0, 4_294_967_295), 1)
    .option('--no-traffic', 'wait for real visitors instead')
    .option('--no-rhythm', 'the same rate at all hours')
    .option('--release <version>', 'version that serves most customers')
    .addOption(
      new Option('--database-url <url>', 'a PostgreSQL server instead of the embedded database').env('DATABASE_URL'),
    )
    .option('--data-dir <folder>', 'where the embedded database keeps its content; in memory if not given')
    .option('--log <file>', 'failed checkouts as JSON lines; - for standard output')
    .option('--json', 'print one JSON line with the addresses when ready, and nothing else')
    .option('--quiet', 'print the addresses and nothing else')
    .option('--exit-with-parent', 'end when standard input or the IPC channel is closed')
    .action((flags: ServeFlags) => serve(flags));
  root
    .command('break')
    .description('make a fault real')
    .argument('<fault>', `one of ${FAULT_NAMES.join(', ')}`, faultName)
    .addOption(url)
    .action((name: FaultName, flags: { url: string }) => breakShop(flags.url, name));
  root
    .command('heal')
    .description('end one fault, or all')
    .argument('[fault]', 'all if not given', faultName)
    .addOption(url)
    .action((name: FaultName | undefined, flags: { url: string }) => healShop(flags.url, name));
  root
    .command('faults')
    .description('list the faults and which are active')
    .addOption(url)
    .option('--json', 'as JSON')
    .action((flags: { url: string; json?: boolean }) => listFaults(flags.url, flags.json ?? false));
  return root;
}

function faultName(value: string): FaultName {
  if (!isFaultName(value)) throw new InvalidArgumentError(`Known faults are ${FAULT_NAMES.join(', ')}.`);
  return value;
}

function port(value: string): number {
  return numberIn(0, 65_535)(value);
}

function numberIn(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number >= least && number <= most)) {
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    }
    return number;
  };
}
