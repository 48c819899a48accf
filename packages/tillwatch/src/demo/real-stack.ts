import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { plan, readTillwatchConfig } from '@tillwatch/checkout';
import { formatProblems } from '@tillwatch/model';
import { writeFiles } from '../shop-setup.ts';
import { demoEnvironment } from './demo.ts';
import { demoConfig } from './demo-config.ts';
import type { DrillGround, DrillOptions } from './drill.ts';
import { until } from './drill.ts';
import { startMessageSinks } from './message-sinks.ts';
import { end, startShopProcess } from './shop-process.ts';

const PROMETHEUS = ['prometheus'];
/** Debian's name first. */
const ALERTMANAGER = ['prometheus-alertmanager', 'alertmanager'];

/** Starts the demo shop with the Prometheus and Alertmanager of this machine on the generated files, and the sentinel beside them. */
export async function startRealStack(
  dir: string,
  { seed, ratePerMinute, progress }: DrillOptions,
): Promise<DrillGround> {
  const prometheus = findProgram(PROMETHEUS);
  const alertmanager = findProgram(ALERTMANAGER);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let endOne = stops.pop(); endOne !== undefined; endOne = stops.pop()) await endOne();
  };
  try {
    const sinks = await startMessageSinks();
    stops.push(() => sinks.stop());
    progress('opening the shop …');
    const shop = await startShopProcess({ seed, ratePerMinute });
    stops.push(() => shop.stop());

    const [prometheusPort, alertmanagerPort, sentinelPort] = [await freePort(), await freePort(), await freePort()];
    const sentinelAddress = `127.0.0.1:${sentinelPort}`;
    const prometheusUrl = `http://127.0.0.1:${prometheusPort}`;
    const source = {
      file: 'tillwatch.yaml',
      text: demoConfig({ metricsUrl: shop.metricsUrl, pageUrl: prometheusUrl, language: 'en' }),
    };
    const { config, problems } = readTillwatchConfig(source);
    if (config === undefined) throw new Error(formatProblems(problems));
    const files = join(dir, 'generated');
    await mkdir(dir, { recursive: true });
    await writeFiles(
      files,
      plan(config, {
        alertmanagerAddress: `127.0.0.1:${alertmanagerPort}`,
        sentinel: { address: sentinelAddress },
        secretsDir: resolve(files, 'secrets'),
        environment: demoEnvironment(sinks, {}),
      }),
    );
    const configFile = join(dir, 'tillwatch.yaml');
    await writeFile(configFile, source.text);

    progress('starting Prometheus, Alertmanager and the sentinel …');
    const alertmanagerUrl = `http://127.0.0.1:${alertmanagerPort}`;
    const startOne = (program: string, args: readonly string[]) => {
      const child = spawn(program, args, { cwd: files, stdio: 'ignore' });
      stops.push(() => end(child));
      return child;
    };
    const children = [
      startOne(alertmanager, [
        '--config.file=alertmanager.yml',
        `--storage.path=${join(dir, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        '--cluster.listen-address=',
      ]),
      startOne(prometheus, [
        '--config.file=prometheus.yml',
        `--storage.tsdb.path=${join(dir, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
      ]),
      startOne(process.execPath, [
        process.argv[1] as string,
        'sentinel',
        ...['--prometheus', prometheusUrl, '--listen', sentinelAddress, '--config', configFile, '--interval', '5s'],
      ]),
    ];
    await untilReady(children, [prometheusUrl, alertmanagerUrl, `http://${sentinelAddress}`]);
    return {
      shop,
      sinks,
      untilHealthy: () =>
        until(
          async () => {
            const response = await fetch(
              `${prometheusUrl}/api/v1/query?query=sum(rate(checkout_attempts_total[1m]))%3E0`,
            );
            const body = (await response.json()) as { data?: { result?: unknown[] } };
            return (body.data?.result?.length ?? 0) > 0;
          },
          120_000,
          'Prometheus saw no checkout within two minutes',
        ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(children: readonly ChildProcess[], urls: readonly string[]): Promise<void> {
  const isReady = async () => {
    const gone = children.find((child) => child.exitCode !== null);
    if (gone !== undefined) {
      throw new Error(`${gone.spawnfile} ended with code ${gone.exitCode}`, {
        cause: 'it did not accept the generated files',
      });
    }
    const answers = await Promise.all(
      urls.map((url) =>
        fetch(`${url}/-/ready`).then(
          (r) => r.ok,
          () => false,
        ),
      ),
    );
    return answers.every(Boolean);
  };
  await until(isReady, 60_000, 'Prometheus or Alertmanager was not ready within a minute');
}

function findProgram(names: readonly string[]): string {
  for (const name of names) {
    if (spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined) return name;
  }
  throw new Error(`--stack real needs ${names.join(' or ')} on this machine`, { cause: 'not installed' });
}

function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolvePort(port));
    });
  });
}
