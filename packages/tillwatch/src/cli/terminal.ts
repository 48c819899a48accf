import type { Logger } from '@tillwatch/model';
import { formatProblems, isError, type Problem } from '@tillwatch/model';
import { createLogger, isLogLevel } from '../logfmt.ts';

/** Where a command talks to. Results go to `out`, everything about the way there to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** A command that cannot go on, for a reason that the user can understand and mend. */
export class CliError extends Error {
  override readonly name = 'CliError';
}

/** Prints problems, and a closing line that counts them and says what follows from errors. Returns whether there is one. */
export function printProblems(problems: readonly Problem[], terminal: Terminal, consequence = ''): boolean {
  if (problems.length === 0) return false;
  terminal.err(`${formatProblems(problems)}\n`);
  const errors = problems.filter(isError).length;
  const warnings = problems.length - errors;
  const files = new Set(problems.map((problem) => problem.at.file)).size;
  const counts = [plural(errors, 'error'), plural(warnings, 'warning')].filter((text) => !text.startsWith('0 '));
  terminal.err(
    `${counts.join(' and ')} in ${plural(files, 'file')}.${errors > 0 && consequence !== '' ? ` ${consequence}` : ''}\n`,
  );
  return errors > 0;
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The logger of a command, writing to standard error. @throws {CliError} */
export function loggerFor(level: string, terminal: Terminal): Logger {
  if (!isLogLevel(level)) throw new CliError(`"${level}" is not a log level: take error, warn, info or debug`);
  return createLogger(level, (line) => terminal.err(line));
}

/** Reads `host:port`; a bare port means loopback. @throws {CliError} */
export function parseListen(text: string): { host: string; port: number } {
  const match = /^(?:(\[[0-9a-fA-F:]+\]|[^:]*):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535)
    throw new CliError(`"${text}" is not an address to listen on: write host:port, such as 127.0.0.1:9095`);
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
  return { host: host === '' ? '127.0.0.1' : host, port };
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve(signal);
      });
    }
  });
}
