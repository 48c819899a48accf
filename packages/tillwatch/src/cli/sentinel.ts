import { createSentinel } from '@tillwatch/checkout';
import { parseDuration, systemClock } from '@tillwatch/model';
import { loadTillwatchYaml } from '../configuration.ts';
import type { PrometheusApi } from '../prometheus-api/prometheus-api.ts';
import { startEvidenceServer } from '../sentinel/evidence-server.ts';
import { prometheusReader } from '../sentinel/prometheus-reader.ts';
import { createSentinelLoop } from '../sentinel/sentinel-loop.ts';
import { sentinelSettings } from '../sentinel/sentinel-settings.ts';
import { type PrometheusFlags, prometheusFrom } from './diagnose.ts';
import { CliError, loggerFor, parseListen, printProblems, type Terminal, untilSignal } from './terminal.ts';

interface SentinelFlags extends PrometheusFlags {
  readonly listen: string;
  readonly config?: string;
  readonly interval: string;
  readonly json?: boolean;
  readonly logLevel: string;
}

/** Evidence that is older than so many looks is not served anymore. */
const STALE_AFTER_LOOKS = 12;

/** Watches a shop through another Prometheus, which scrapes what it finds. Runs until it is told to stop. */
export async function sentinelCommand(terminal: Terminal, flags: SentinelFlags): Promise<number> {
  const logger = loggerFor(flags.logLevel, terminal);
  const intervalMs = parseDuration(flags.interval);
  if (intervalMs === undefined || intervalMs < 1_000) {
    throw new CliError(`--interval: "${flags.interval}" is not a duration of a second or more; write 5s`);
  }
  const api = prometheusFrom(flags);
  let settings = {};
  if (flags.config !== undefined) {
    const { value, problems } = await loadTillwatchYaml(flags.config);
    printProblems(problems, terminal, 'Nothing was started.');
    if (value === undefined) return 1;
    settings = sentinelSettings(value);
  }
  // A wrong address or password is told at once; a Prometheus that is not up yet is waited for.
  await api.instant('vector(1)', Date.now()).catch((error: unknown) => {
    if ((error as { reason?: string }).reason !== 'unreachable') throw error;
    logger.warn('Prometheus does not answer yet', { err: (error as Error).message });
  });

  const server = await startEvidenceServer({
    listen: parseListen(flags.listen),
    staleAfterMs: STALE_AFTER_LOOKS * intervalMs,
    nowMs: () => systemClock.nowMs(),
  });
  const loop = createSentinelLoop({
    sentinel: createSentinel({ ...settings, reader: prometheusReader(api), logger }),
    clock: systemClock,
    logger,
    intervalMs,
    publish: async (samples) => server.publish(samples),
  });
  const ending = new AbortController();
  // What is usual is learned once, at the start: a Prometheus that is not up yet would leave the sentinel without a past.
  const starting = untilAnswered(api, intervalMs, ending.signal).then((isAnswered) => {
    if (isAnswered) loop.start();
  });
  terminal.out(
    flags.json === true
      ? `${JSON.stringify({ url: server.url, pid: process.pid })}\n`
      : `The sentinel watches ${api.name}. Scrape ${server.url}/metrics with honor_labels: true.\n`,
  );
  await untilSignal();
  ending.abort();
  await starting;
  await loop.stop();
  await server.stop();
  return 0;
}

/** Resolves with whether the server answers before `signal` is aborted. */
async function untilAnswered(api: PrometheusApi, everyMs: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const isAnswered = await api.instant('vector(1)', systemClock.nowMs()).then(
      () => true,
      () => false,
    );
    if (isAnswered) return true;
    await systemClock.sleep(everyMs, signal).catch(() => undefined);
  }
  return false;
}
