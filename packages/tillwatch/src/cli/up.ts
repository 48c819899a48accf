import { join } from 'node:path';
import type { PlanOptions } from '@tillwatch/checkout';
import { formatProblems, parseDuration } from '@tillwatch/model';
import type { LoadResult } from '../configuration.ts';
import { loadStandardFiles } from '../configuration.ts';
import { loadShop } from '../shop-setup.ts';
import { createTillwatch, type Setup, type Tillwatch } from '../tillwatch.ts';
import { CliError, loggerFor, parseListen, printProblems, type Terminal, untilSignal } from './terminal.ts';

interface UpOptions {
  readonly config: string;
  readonly prometheus?: string;
  readonly alertmanager?: string;
  readonly data: string;
  readonly listen: string;
  readonly externalUrl?: string;
  readonly retention?: string;
  readonly json?: boolean;
  readonly logLevel: string;
}

const PLAIN_MESSAGES = 'Started all the same: messages whose text fails are sent in plain form.';

const DEFAULT_RETENTION_MS = 30 * 86_400_000;

/** Runs until it is told to stop. SIGHUP reloads. */
export async function upCommand(terminal: Terminal, options: UpOptions): Promise<number> {
  const logger = loggerFor(options.logLevel, terminal);
  if (options.alertmanager !== undefined && options.prometheus === undefined) {
    throw new CliError(
      '--alertmanager goes with --prometheus; with a tillwatch.yaml the routing is written from its teams',
    );
  }
  const load = (): Promise<LoadResult<Setup>> =>
    options.prometheus === undefined
      ? loadShop({
          file: options.config,
          dir: join(options.data, 'generated'),
          environment: process.env,
          plan: selfScrape(parseListen(options.listen)),
        })
      : loadFiles(options.prometheus, options.alertmanager);

  const first = await load();
  printProblems(first.problems, terminal, first.value === undefined ? 'Nothing was started.' : PLAIN_MESSAGES);
  if (first.value === undefined) return 1;
  const tillwatch = createTillwatch({
    load,
    dataDir: options.data,
    listen: parseListen(options.listen),
    retentionMs: retentionMs(options.retention, first.value),
    logger,
    externalUrl: options.externalUrl,
  });
  await tillwatch.start();
  terminal.out(
    options.json === true
      ? `${JSON.stringify({ url: tillwatch.url(), pid: process.pid })}\n`
      : `Watching. The page: ${tillwatch.url()}\n`,
  );
  reloadOnHangup(tillwatch, (problems) => terminal.err(`${formatProblems(problems)}\n`));
  await untilSignal();
  await tillwatch.stop();
  return 0;
}

/** The watch watches itself, unless its port is only known once it listens. */
function selfScrape({ host, port }: { host: string; port: number }): PlanOptions {
  const address = host.includes(':') ? `[${host}]` : host;
  return port === 0
    ? {}
    : { selfAddress: `${address === '0.0.0.0' || address === '[::]' ? '127.0.0.1' : address}:${port}` };
}

async function loadFiles(prometheus: string, alertmanager: string | undefined): Promise<LoadResult<Setup>> {
  const { value, problems } = await loadStandardFiles({ prometheus, alertmanager });
  return { value: value === undefined ? undefined : { configuration: value, checkout: undefined }, problems };
}

function retentionMs(text: string | undefined, setup: Setup | undefined): number {
  if (text === undefined) return setup?.checkout?.retentionMs ?? DEFAULT_RETENTION_MS;
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new CliError(`--retention: "${text}" is not a duration; write 30d`);
  return ms;
}

function reloadOnHangup(tillwatch: Tillwatch, report: (problems: LoadResult<Setup>['problems']) => void): void {
  process.on('SIGHUP', () => {
    tillwatch.reload().then(
      ({ problems }) => problems.length > 0 && report(problems),
      () => undefined,
    );
  });
}
