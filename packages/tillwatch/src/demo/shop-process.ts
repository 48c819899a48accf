import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The demo shop in a process of its own: it can be slow or gone without the watch being so. */
export interface ShopProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly metricsUrl: string;
  /** Breaks (`active`) or heals. Rejects with an `Error` whose message can be shown. */
  setFault(name: string, active: boolean): Promise<void>;
  /** The names of the faults that are active. */
  activeFaults(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export interface ShopProcessOptions {
  readonly seed?: number | undefined;
  readonly ratePerMinute?: number | undefined;
  readonly port?: number | undefined;
  /** Where it writes its failure lines; nowhere when not given. */
  readonly logFile?: string | undefined;
}

/** Loading the database engine takes seconds on a small machine; a shop that needs longer than this will not come. */
const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 5_000;

/** Starts the shop on free ports and resolves when customers are shopping. Rejects with what it printed when it does not start. */
export async function startShopProcess(options: ShopProcessOptions = {}): Promise<ShopProcess> {
  const main = fileURLToPath(import.meta.resolve('@tillwatch/example-shop/main'));
  const args = [
    main,
    'serve',
    '--json',
    '--exit-with-parent',
    '--no-rhythm',
    '--port',
    String(options.port ?? 0),
    '--admin-port',
    '0',
  ];
  if (options.seed !== undefined) args.push('--seed', String(options.seed));
  if (options.ratePerMinute !== undefined) args.push('--rate', String(options.ratePerMinute));
  if (options.logFile !== undefined) args.push('--log', options.logFile);
  // The pipe ends with this process, and the shop ends with the pipe: nothing stays behind.
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ready = await untilReady(child);
  child.stdout?.resume();

  const call = async (path: string, init?: RequestInit): Promise<unknown> => {
    const response = await fetch(new URL(path, ready.adminUrl), { ...init, signal: AbortSignal.timeout(10_000) });
    const body = (await response.json()) as { error?: string };
    if (!response.ok) throw new Error(body.error ?? `the shop answered ${response.status}`);
    return body;
  };
  return {
    ...ready,
    async setFault(name, active) {
      await call(`/admin/faults/${encodeURIComponent(name)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ active }),
      });
    },
    async activeFaults() {
      const body = (await call('/admin/faults')) as { faults: readonly { name: string; active: boolean }[] };
      return body.faults.filter((fault) => fault.active).map((fault) => fault.name);
    },
    stop: () => end(child),
  };
}

interface ReadyLine {
  readonly url: string;
  readonly adminUrl: string;
  readonly metricsUrl: string;
}

function untilReady(child: ChildProcess): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const printed: string[] = [];
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the demo shop did not start within ${START_TIMEOUT_MS / 1000} s`));
    }, START_TIMEOUT_MS);
    child.stderr?.on('data', (chunk: Buffer) => {
      if (printed.length < 200) printed.push(chunk.toString('utf8'));
    });
    const lines = createInterface({ input: child.stdout! });
    lines.on('line', (line) => {
      if (!line.startsWith('{')) return;
      clearTimeout(timer);
      lines.close();
      resolve(JSON.parse(line) as ReadyLine);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the demo shop ended with code ${code}:\n${printed.join('')}`));
    });
  });
}

/** Asks a process to end, and makes it end when it does not. */
export function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
