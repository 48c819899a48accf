import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command as users run it from the repository. */
const TILLWATCH = fileURLToPath(new URL('../../packages/tillwatch/bin/tillwatch.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command to its end, which it must reach within `withinMs`. */
export function runTillwatch(args: readonly string[], withinMs: number, cwd = root): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [TILLWATCH, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    const timer = setTimeout(() => child.kill('SIGTERM'), withinMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}

/** Starts the command and resolves with the first line of JSON it prints. */
export function startTillwatch(
  args: readonly string[],
  cwd = root,
): Promise<{ ready: Record<string, unknown>; child: ChildProcess; stop: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [TILLWATCH, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    const stop = () =>
      new Promise<void>((stopped) => {
        if (child.exitCode !== null) return stopped();
        child.once('exit', () => stopped());
        child.kill('SIGTERM');
      });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk;
    });
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk;
      const line = out.split('\n').find((candidate) => candidate.startsWith('{') && candidate.endsWith('}'));
      if (line !== undefined) resolve({ ready: JSON.parse(line) as Record<string, unknown>, child, stop });
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`tillwatch ended with code ${code}\n${err}`)));
  });
}

/** Waits until something is there, and says what was missed when it does not come in time. */
export async function waitFor<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > endMs) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
