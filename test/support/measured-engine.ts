import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './prometheus.ts';
import { waitFor } from './tillwatch-process.ts';

/** /proc counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Who runs on a prometheus.yml: `tillwatch up`, or the real Prometheus on the path. */
export type EngineName = 'ours' | 'Prometheus';

const COMMANDS: Readonly<
  Record<EngineName, (dir: string, port: number) => readonly [file: string, ...args: string[]]>
> = {
  ours: (dir, port) => [
    process.execPath,
    'packages/tillwatch/bin/tillwatch.js',
    ...['up', '--prometheus', join(dir, 'prometheus.yml'), '--data', join(dir, 'data'), '--log-level', 'warn'],
    ...['--listen', `127.0.0.1:${port}`],
  ],
  Prometheus: (dir, port) => [
    'prometheus',
    ...[`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'data')}`],
    ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
  ],
};

/** An engine that runs, and what it has taken so far. */
export interface MeasuredEngine {
  readonly url: string;
  /** Processor time since it was started, all threads. */
  cpuSeconds(): Promise<number>;
  /** The most memory it had (resident). */
  peakMemoryMb(): Promise<number>;
}

/** Runs an engine on these files (by name; `prometheus.yml` is the one it reads) in a folder of its own, as long as `use` takes. */
export async function withEngine<T>(
  name: EngineName,
  files: Readonly<Record<string, string>>,
  use: (engine: MeasuredEngine) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'tillwatch-bench-'));
  await mkdir(join(dir, 'data'));
  for (const [file, text] of Object.entries(files)) await writeFile(join(dir, file), text);
  const port = await freePort();
  const [file, ...args] = COMMANDS[name](dir, port);
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    const url = `http://127.0.0.1:${port}`;
    await waitFor(`${name} is ready`, 60_000, () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return await use({
      url,
      cpuSeconds: () => cpuSeconds(child.pid as number),
      peakMemoryMb: () => peakMemoryMb(child.pid as number),
    });
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await rm(dir, { recursive: true, force: true });
  }
}

async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function peakMemoryMb(pid: number): Promise<number> {
  return Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}
