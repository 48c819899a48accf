import { type ImportCounts, openImport } from '@tillwatch/tsdb';
import { InputError } from '../backtest/input-error.ts';
import { Progress } from '../backtest/progress.ts';
import { type ImportProgress, importFile } from '../import/import-file.ts';
import { type ImportPrometheusOptions, importPrometheus } from '../import/import-prometheus.ts';
import { PrometheusApiError } from '../prometheus-api/prometheus-api-error.ts';
import { readSeriesSelector } from '../query/unreadable-query.ts';
import { prometheusFrom } from './diagnose.ts';
import { readMoment } from './moment.ts';
import { CliError, processTerminal, type Terminal } from './terminal.ts';

/** The flags of `tillwatch import`. */
export interface ImportCommandOptions {
  readonly data: string;
  readonly prometheus?: string;
  readonly bearerTokenFile?: string;
  readonly match?: readonly string[];
  readonly from?: string;
  readonly to?: string;
}

const INTERRUPTED = 130;
/** What Prometheus keeps unless told otherwise. */
const DEFAULT_SPAN_MS = 15 * 86_400_000;
const EVERYTHING = '{__name__=~".+"}';
const GO_ON_HINT = 'what was imported stays; the same command goes on, and stores nothing twice';

/** Brings the past into the store: a file of samples, or what a Prometheus has. */
export async function importCommand(
  terminal: Terminal,
  file: string | undefined,
  options: ImportCommandOptions,
): Promise<number> {
  checkFlags(file, options);
  const past = file === undefined ? pastOf(options) : undefined;
  const interrupt = new AbortController();
  const onSignal = () => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
  };
  const progress = progressOf(terminal);
  const showing = (done: ImportProgress) =>
    progress.update('importing', done.share ?? 0, `${done.samples.toLocaleString('en')} samples`);
  const store = openImport(options.data);
  process.on('SIGINT', onSignal);
  try {
    const read = { signal: interrupt.signal, onProgress: showing };
    const samples =
      past === undefined
        ? await importFile(file as string, store, read)
        : await importPrometheus(store, { ...past, ...read });
    const counts = store.close();
    progress.end();
    terminal.out(report(samples, counts, progress.tookMs));
    return counts.conflicting > 0 ? 1 : 0;
  } catch (error) {
    progress.end();
    if (!interrupt.signal.aborted && !isExpected(error)) throw error;
    // What was read up to here is right, and is not thrown away.
    const counts = store.close();
    const stored = `of what came before, ${samplesText(counts.stored)} stored`;
    if (interrupt.signal.aborted) {
      terminal.err(`Interrupted; ${stored}. The same command goes on, and stores nothing twice.\n`);
      return INTERRUPTED;
    }
    const hint = error instanceof PrometheusApiError ? `\n  = ${GO_ON_HINT}` : '';
    throw new CliError(`${(error as Error).message}${hint}\n${stored}.`, { cause: error });
  } finally {
    process.off('SIGINT', onSignal);
    store.abandon();
  }
}

function checkFlags(file: string | undefined, { prometheus, match, from, to }: ImportCommandOptions): void {
  if ((file === undefined) === (prometheus === undefined)) {
    throw new CliError('name one thing to import: a file ("-" for standard input), its URL, or --prometheus URL');
  }
  if (file === undefined) return;
  const flag = match !== undefined ? '--match' : from !== undefined ? '--from' : to !== undefined ? '--to' : undefined;
  if (flag !== undefined) throw new CliError(`${flag} goes with --prometheus only: a file is imported as a whole`);
}

/** What is to be imported of which server. @throws {CliError} */
function pastOf(options: ImportCommandOptions): Omit<ImportPrometheusOptions, 'signal' | 'onProgress'> {
  const selectors = options.match ?? [EVERYTHING];
  for (const selector of selectors) checkSelector(selector);
  const toMs = options.to === undefined ? Date.now() : readMoment('--to', options.to, Date.now());
  const fromMs = options.from === undefined ? toMs - DEFAULT_SPAN_MS : readMoment('--from', options.from, toMs);
  if (fromMs >= toMs) throw new CliError('--from is not before --to');
  const { prometheus = '', bearerTokenFile } = options;
  const api = prometheusFrom({ prometheus, ...(bearerTokenFile === undefined ? {} : { bearerTokenFile }) });
  return { api, selectors, fromMs, toMs };
}

function checkSelector(text: string): void {
  try {
    readSeriesSelector(text);
  } catch (cause) {
    throw new CliError(`--match: ${(cause as Error).message}\n  = write a series selector: up{job="shop"}`, { cause });
  }
}

function isExpected(error: unknown): boolean {
  return error instanceof InputError || error instanceof PrometheusApiError;
}

function report(samples: number, { stored, repeated, conflicting }: ImportCounts, tookMs: number): string {
  const number = (count: number) => count.toLocaleString('en');
  const lines = [
    `${number(samples)} ${samples === 1 ? 'sample' : 'samples'} read in ${(tookMs / 1_000).toFixed(1)} s, ${number(stored)} stored.`,
  ];
  if (repeated > 0) lines.push(`${number(repeated)} were stored already.`);
  if (conflicting > 0) {
    lines.push(`${number(conflicting)} were left out: the store has another value for the same series and time.`);
  }
  return `${lines.join('\n')}\n`;
}

function samplesText(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'sample' : 'samples'}`;
}

function progressOf(terminal: Terminal): Progress {
  const isTerminal = terminal === processTerminal && process.stderr.isTTY === true;
  const columns = process.stderr.columns || 80;
  return new Progress({ write: (text) => terminal.err(text), isTerminal, columns }, () => performance.now());
}
