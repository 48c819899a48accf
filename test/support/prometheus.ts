import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A program that speaks Prometheus's HTTP API and takes remote writes, found on the path. */
interface Program {
  readonly command: string;
  readonly readyPath: string;
  /** Asked, it makes what was written visible to queries; there is none where it is at once. */
  readonly flushPath?: string;
  args(dir: string, address: string): readonly string[];
}

const PROGRAMS = {
  prometheus: {
    command: 'prometheus',
    readyPath: '/-/ready',
    args: (dir, address) => [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=${address}`,
      '--web.enable-remote-write-receiver',
      '--log.level=error',
    ],
  },
  victoriaMetrics: {
    command: 'victoria-metrics',
    readyPath: '/health',
    flushPath: '/internal/force_flush',
    args: (dir, address) => [
      `-storageDataPath=${join(dir, 'data')}`,
      '-retentionPeriod=100y',
      `-httpListenAddr=${address}`,
      '-search.latencyOffset=0s',
      // What was asked before must not be answered from memory.
      '-search.disableCache',
    ],
  },
} as const satisfies Record<string, Program>;

/** Is the real Prometheus on this machine? */
export function hasPrometheus(): boolean {
  return isThere('prometheus');
}

/** Is VictoriaMetrics on this machine? */
export function hasVictoriaMetrics(): boolean {
  return isThere('victoriaMetrics');
}

function isThere(name: keyof typeof PROGRAMS): boolean {
  return spawnSync(PROGRAMS[name].command, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** Prometheus refused a query. */
export class PrometheusError extends Error {
  override readonly name = 'PrometheusError';
}

/** One series of an answer: its labels, and values (as Prometheus writes them) by time in seconds. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** The `data` of an answer of the query API. */
export interface PrometheusData {
  readonly resultType: 'vector' | 'matrix' | 'scalar' | 'string';
  readonly result: readonly PrometheusSeries[] | readonly [number, string];
}

/** A real Prometheus (or VictoriaMetrics) of its own, with nothing to scrape, on a free port of the loopback. */
export class Prometheus {
  readonly url: string;
  readonly version: string;
  readonly #child: ChildProcess;
  readonly #dir: string;
  readonly #isKept: boolean;
  readonly #flushPath: string | undefined;

  private constructor(url: string, program: Program, child: ChildProcess, dir: string, isKept: boolean) {
    const { command, flushPath } = program;
    this.url = url;
    this.#flushPath = flushPath;
    this.#child = child;
    this.#dir = dir;
    this.#isKept = isKept;
    const { stdout, stderr } = spawnSync(command, ['--version'], { encoding: 'utf8' });
    this.version = /version (\d+\.\d+)/.exec(stdout + stderr)?.[1] ?? 'unknown';
  }

  /** Starts on a store of its own that goes when it stops, or on what is in `dir` and stays there; `config` is its prometheus.yml. */
  static async start(
    keptDir?: string,
    name: keyof typeof PROGRAMS = 'prometheus',
    config = 'global: { evaluation_interval: 1m }\n',
    moreArgs: readonly string[] = [],
  ): Promise<Prometheus> {
    const dir = keptDir ?? mkdtempSync(join(tmpdir(), 'tillwatch-prometheus-'));
    writeFileSync(join(dir, 'prometheus.yml'), config);
    const address = `127.0.0.1:${await freePort()}`;
    const program: Program = PROGRAMS[name];
    const child = spawn(program.command, [...program.args(dir, address), ...moreArgs], { stdio: 'ignore' });
    const prometheus = new Prometheus(`http://${address}`, program, child, dir, keptDir !== undefined);
    await prometheus.#untilReady(program.readyPath);
    return prometheus;
  }

  async #untilReady(path: string): Promise<void> {
    for (let attempt = 0; attempt < 300; attempt++) {
      const answer = await fetch(`${this.url}${path}`).catch(() => undefined);
      if (answer?.ok === true) return;
      if (this.#child.exitCode !== null) break;
      await delay(100);
    }
    await this.stop();
    throw new Error('Prometheus did not get ready');
  }

  instant(expr: string, timeMs: number): Promise<PrometheusData> {
    return this.#query('query', { query: expr, time: seconds(timeMs) });
  }

  range(expr: string, startMs: number, endMs: number, stepMs: number): Promise<PrometheusData> {
    const times = { start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
    return this.#query('query_range', { query: expr, ...times });
  }

  async #query(path: string, params: Record<string, string>): Promise<PrometheusData> {
    const response = await fetch(`${this.url}/api/v1/${path}`, { method: 'POST', body: new URLSearchParams(params) });
    const answer = (await response.json()) as { status: string; data: PrometheusData; error: string };
    if (answer.status !== 'success') throw new PrometheusError(answer.error);
    return answer.data;
  }

  /** Hands over one remote write request: protobuf in snappy. */
  async write(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
    };
    const response = await fetch(`${this.url}/api/v1/write`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
  }

  /** Resolves when queries see what was written: VictoriaMetrics keeps it back for some seconds, the more so for days that are past. */
  async settle(): Promise<void> {
    if (this.#flushPath === undefined) return;
    const response = await fetch(`${this.url}${this.#flushPath}`);
    if (!response.ok) throw new Error(`flush: ${response.status} ${await response.text()}`);
  }

  /** The value of one of the process's own metrics. */
  async ownMetric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
  }

  /** The most memory that the process has held, in bytes; `undefined` where the system does not tell. */
  peakBytes(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    } catch {
      return undefined;
    }
  }

  /** The processor time that the process has used up so far, in ms; NaN where the system does not tell. */
  cpuMs(): number {
    try {
      // Behind the name, which may hold anything: the times in user mode and in the kernel, in hundredths of a second.
      const fields = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return 10 * (Number(fields[11]) + Number(fields[12]));
    } catch {
      return Number.NaN;
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await ended;
    }
    if (!this.#isKept) rmSync(this.#dir, { recursive: true, force: true });
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** A port that was free a moment ago: Prometheus does not tell which one it got for port 0. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()));
    });
  });
}
