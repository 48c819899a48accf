import { join } from 'node:path';
import type { PlanOptions } from '@tillwatch/checkout';
import { parseByteSize } from '@tillwatch/config';
import { compileAnchoredRegex, formatProblems, parseDuration } from '@tillwatch/model';
import type { LoadResult } from '../configuration.ts';
import { loadStandardFiles } from '../configuration.ts';
import type { OriginTest } from '../http/api-routes.ts';
import { loadShop } from '../shop-setup.ts';
import { createTillwatch, type Setup, type Tillwatch } from '../tillwatch.ts';
import { settleGarbageCollector } from './garbage-collector.ts';
import { CliError, loggerFor, parseListen, printProblems, type Terminal, untilSignal } from './terminal.ts';

interface UpOptions {
  readonly config: string;
  readonly prometheus?: string;
  readonly alertmanager?: string;
  readonly data: string;
  readonly listen: string;
  readonly externalUrl?: string;
  readonly retention?: string;
  readonly retentionSize?: string;
  readonly 'web.cors.origin'?: string;
  readonly json?: boolean;
  readonly logLevel: string;
}

const PLAIN_MESSAGES = 'Started all the same: messages whose text fails are sent in plain form.';

const DEFAULT_RETENTION_MS = 30 * 86_400_000;

/** Runs until it is told to stop. SIGHUP reloads. */
export async function upCommand(terminal: Terminal, options: UpOptions): Promise<number> {
  settleGarbageCollector();
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
    retentionMs: first.value.checkout?.retentionMs ?? DEFAULT_RETENTION_MS,
    retention: {
      retentionMs: retentionMs(options.retention),
      retentionBytes: retentionBytes(options.retentionSize),
    },
    logger,
    environment: process.env,
    externalUrl: options.externalUrl,
    corsOrigin: originTest(options['web.cors.origin']),
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

/** Origins as Prometheus's flag names them: a regular expression that matches the whole. */
function originTest(pattern: string | undefined): OriginTest | undefined {
  if (pattern === undefined) return undefined;
  try {
    const regex = compileAnchoredRegex(pattern);
    return (origin) => regex.matches(origin);
  } catch (error) {
    throw new CliError(`--web.cors.origin: ${(error as Error).message}`);
  }
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

function retentionMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new CliError(`--retention: "${text}" is not a duration; write 30d`);
  return ms;
}

function retentionBytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text);
  if (bytes === undefined || bytes === 0) throw new CliError(`--retention-size: "${text}" is not a size; write 10GB`);
  return bytes;
}

function reloadOnHangup(tillwatch: Tillwatch, report: (problems: LoadResult<Setup>['problems']) => void): void {
  process.on('SIGHUP', () => {
    tillwatch.reload().then(
      ({ problems }) => problems.length > 0 && report(problems),
      () => undefined,
    );
  });
}
