import { access } from 'node:fs/promises';
import type { TillwatchConfig } from '@tillwatch/checkout';
import type { AlertmanagerConfig } from '@tillwatch/config';
import { formatDuration, type Problem, parseDuration } from '@tillwatch/model';
import { QueryError } from '@tillwatch/promql';
import { compareBacktests } from '../backtest/compare.ts';
import { costNeeds } from '../backtest/cost.ts';
import { InputError } from '../backtest/input-error.ts';
import type { OrderOutcome } from '../backtest/orders/order.ts';
import { ORDER_FIELDS, type OrderField } from '../backtest/orders/order-columns.ts';
import { statusWord } from '../backtest/orders/order-fields.ts';
import { Progress } from '../backtest/progress.ts';
import { backtestJson, comparisonJson } from '../backtest/report-json.ts';
import { backtestText, comparisonText, type ReportContext } from '../backtest/report-text.ts';
import { ruleNeeds, withMore } from '../backtest/rule-needs.ts';
import { loadRuleSet, type RuleSet, unknownShop } from '../backtest/rule-set.ts';
import { type Backtest, runBacktest } from '../backtest/run-backtest.ts';
import { sentinelMetrics } from '../backtest/sentinel-past.ts';
import { dataSource } from '../backtest/sources/data-source.ts';
import { openMetricsSource } from '../backtest/sources/openmetrics-source.ts';
import { ordersSource } from '../backtest/sources/orders-source.ts';
import { prometheusSource } from '../backtest/sources/prometheus-source.ts';
import type { BacktestSource, ReadOptions } from '../backtest/sources/source.ts';
import { SpoolError } from '../backtest/spool/sample-spool.ts';
import { loadAlertmanagerFiles } from '../configuration.ts';
import { prometheusFrom } from './diagnose.ts';
import { readMoment } from './moment.ts';
import { CliError, printProblems, processTerminal, type Terminal } from './terminal.ts';

/** The flags of `tillwatch backtest`. */
export interface BacktestCommandOptions {
  readonly rules?: readonly string[];
  readonly compare?: readonly string[];
  readonly config?: string;
  readonly alertmanager?: string;
  readonly data?: string;
  readonly prometheus?: string;
  readonly bearerTokenFile?: string;
  readonly openmetrics?: string;
  readonly orders?: string;
  readonly columns?: readonly string[];
  readonly status?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly interval?: string;
  readonly warmUp?: string;
  readonly timezone?: string;
  readonly json?: boolean;
  readonly sentinel: boolean;
}

const DEFAULT_CONFIG = 'tillwatch.yaml';
const SOURCES = ['data', 'prometheus', 'openmetrics', 'orders'] as const;
/** Rules that look back further than a week, and a day to be sure, are begun as late as this unless --warm-up says more. */
const LONGEST_WARM_UP_MS = 8 * 86_400_000;
const DEFAULT_SPAN_MS = 7 * 86_400_000;
const DEFAULT_INTERVAL_MS = 15_000;
const DEFAULT_CURRENCY = 'EUR';
const INTERRUPTED = 130;

/** Replays rules over the past and says what would have happened; with `--compare`, two rule sets side by side. */
export async function backtestCommand(terminal: Terminal, options: BacktestCommandOptions): Promise<number> {
  checkFlags(options);
  const loaded = await loadAll(terminal, options);
  if (loaded === undefined) return 1;
  const interrupt = new AbortController();
  const onSignal = () => {
    // Whoever asks twice does not want to wait for the slice that is being evaluated.
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort(new Interrupted());
  };
  process.on('SIGINT', onSignal);
  const progress = progressOf(terminal);
  let source: BacktestSource | undefined;
  try {
    const plan = timesOf(options, loaded);
    source = await openSource(options, loaded, plan, readOptions(progress, interrupt.signal));
    const times = within(plan, source);
    const context: ReportContext = {
      source: source.name,
      notes: [...source.notes, ...times.notes],
      timezone: timezoneOf(options, loaded.shop),
      isRouted: loaded.routing !== undefined,
    };
    const shop = loaded.shop ?? unknownShop(source.currency ?? DEFAULT_CURRENCY);
    const results: Backtest[] = [];
    for (const [i, rules] of loaded.sets.entries()) {
      const what = loaded.sets.length === 1 ? 'replaying' : `replaying ${'AB'[i]}`;
      results.push(
        await runBacktest({
          rules,
          source,
          routing: loaded.routing,
          shop,
          sentinel: options.sentinel ? (rules.config ?? loaded.shop) : undefined,
          ...times,
          evaluationIntervalMs: plan.intervalMs,
          signal: interrupt.signal,
          onProgress: (share) => progress.update(what, share),
        }),
      );
    }
    progress.end();
    terminal.out(report(results, context, options.json === true));
    const passedMs = (times.toMs - times.startMs) * results.length;
    terminal.err(
      `${formatDuration(Math.round(passedMs / 60_000) * 60_000)} replayed in ${(progress.tookMs / 1_000).toFixed(1)} s, ${Math.round(passedMs / Math.max(1, progress.tookMs))} times as fast as it happened.\n`,
    );
    return 0;
  } catch (error) {
    progress.end();
    if (interrupt.signal.aborted) {
      terminal.err('Interrupted; nothing was written.\n');
      return INTERRUPTED;
    }
    throw shown(error);
  } finally {
    process.off('SIGINT', onSignal);
    await source?.close();
  }
}

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What can be mended by who called is said in a line; the rest is a bug and shows its stack. */
function shown(error: unknown): unknown {
  const isExpected =
    error instanceof InputError ||
    error instanceof SpoolError ||
    error instanceof QueryError ||
    error instanceof RangeError;
  return isExpected ? new CliError((error as Error).message, { cause: error }) : error;
}

function checkFlags(options: BacktestCommandOptions): void {
  const given = SOURCES.filter((name) => options[name] !== undefined);
  if (given.length === 1) return;
  const choice = SOURCES.map((name) => `--${name}`).join(', ');
  throw new CliError(
    given.length === 0
      ? `backtest needs a past: give one of ${choice}`
      : `backtest takes one past: give one of ${choice}, not ${given.map((name) => `--${name}`).join(' and ')}`,
  );
}

/** Everything that is read before the past is. */
interface Loaded {
  /** One, or two to compare. */
  readonly sets: readonly RuleSet[];
  readonly routing: AlertmanagerConfig | undefined;
  readonly shop: TillwatchConfig | undefined;
}

async function loadAll(terminal: Terminal, options: BacktestCommandOptions): Promise<Loaded | undefined> {
  const problems: Problem[] = [];
  const config = options.config ?? DEFAULT_CONFIG;
  const ours = await loadRuleSet(options.rules ?? [config], options.sentinel);
  problems.push(...ours.problems);
  const theirs = options.compare === undefined ? undefined : await loadRuleSet(options.compare, options.sentinel);
  problems.push(...(theirs?.problems ?? []));

  // Beside rule files a tillwatch.yaml still says who is told, and what an order is worth.
  const isWanted = options.rules !== undefined && (options.config !== undefined || (await exists(config)));
  const beside = isWanted ? await loadRuleSet([config], options.sentinel) : undefined;
  problems.push(...(beside?.problems ?? []));
  const telling = options.alertmanager === undefined ? undefined : await loadAlertmanagerFiles(options.alertmanager);
  problems.push(...(telling?.problems ?? []));
  printProblems(problems, terminal, 'Nothing was replayed.');
  const isMissing =
    ours.value === undefined ||
    (theirs !== undefined && theirs.value === undefined) ||
    (telling !== undefined && telling.value === undefined) ||
    (beside !== undefined && beside.value === undefined);
  if (isMissing) return undefined;
  return {
    sets: theirs?.value === undefined ? [ours.value] : [ours.value, theirs.value],
    routing: telling?.value?.alertmanager ?? ours.value.alertmanager ?? beside?.value?.alertmanager,
    shop: ours.value.config ?? beside?.value?.config,
  };
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** The times that were asked for; `undefined` where the past decides. */
interface WantedTimes {
  readonly fromMs: number | undefined;
  readonly toMs: number | undefined;
  readonly warmUpMs: number;
  readonly intervalMs: number;
}

function timesOf(options: BacktestCommandOptions, { sets, shop }: Loaded): WantedTimes {
  const timezone = timezoneOf(options, shop);
  const nowMs = Date.now();
  const toMs = options.to === undefined ? undefined : readMoment('--to', options.to, nowMs, timezone);
  const fromMs = options.from === undefined ? undefined : readMoment('--from', options.from, toMs ?? nowMs, timezone);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw new CliError('--from must lie before --to');
  }
  const needed = Math.max(...sets.map(({ groups }) => ruleNeeds(groups).warmUpMs));
  return {
    fromMs,
    toMs,
    warmUpMs:
      options.warmUp === undefined ? Math.min(LONGEST_WARM_UP_MS, needed) : readSpan('--warm-up', options.warmUp, true),
    intervalMs:
      options.interval === undefined
        ? (sets[0]?.evaluationIntervalMs ?? DEFAULT_INTERVAL_MS)
        : readSpan('--interval', options.interval, false),
  };
}

/** What is replayed of a past: never more than there is. */
function within(
  { fromMs, toMs, warmUpMs }: WantedTimes,
  source: BacktestSource,
): { fromMs: number; toMs: number; startMs: number; notes: string[] } {
  const from = Math.max(fromMs ?? source.firstMs, source.firstMs);
  const to = Math.min(toMs ?? source.lastMs, source.lastMs);
  if (from >= to) {
    const [first, last] = [source.firstMs, source.lastMs].map((ms) => new Date(ms).toISOString());
    throw new CliError(`${source.name} reaches from ${first} to ${last}: nothing of it lies between --from and --to`);
  }
  const notes: string[] = [];
  const shorter = (wanted: number | undefined, has: number) => wanted !== undefined && Math.abs(wanted - has) > 60_000;
  if (shorter(fromMs, from)) notes.push(`The past begins at ${new Date(from).toISOString()}, later than --from.`);
  if (shorter(toMs, to)) notes.push(`The past ends at ${new Date(to).toISOString()}, earlier than --to.`);
  return { fromMs: from, toMs: to, startMs: Math.max(source.firstMs, from - warmUpMs), notes };
}

async function openSource(
  options: BacktestCommandOptions,
  { sets, shop }: Loaded,
  { fromMs, toMs, warmUpMs, intervalMs }: WantedTimes,
  read: ReadOptions,
): Promise<BacktestSource> {
  if (options.data !== undefined) return dataSource(options.data);
  if (options.openmetrics !== undefined) return openMetricsSource(options.openmetrics, read);
  if (options.prometheus !== undefined) {
    const untilMs = toMs ?? Date.now();
    const needs = ruleNeeds(sets.flatMap(({ groups }) => groups));
    return prometheusSource({
      ...read,
      api: prometheusFrom({
        prometheus: options.prometheus,
        ...(options.bearerTokenFile === undefined ? {} : { bearerTokenFile: options.bearerTokenFile }),
      }),
      needs: withMore(needs, costNeeds(sentinelMetrics(needs.series).size > 0)),
      fromMs: (fromMs ?? untilMs - DEFAULT_SPAN_MS) - warmUpMs,
      toMs: untilMs,
    });
  }
  return ordersSource(options.orders!, {
    ...read,
    intervalMs,
    job: shop?.targets[0]?.job ?? 'shop',
    currency: shop?.shop.currency ?? DEFAULT_CURRENCY,
    fromMs: fromMs === undefined ? undefined : fromMs - warmUpMs,
    toMs,
    columns: readColumns(options.columns ?? []),
    statuses: readStatuses(options.status ?? []),
    timezone: timezoneOf(options, shop),
  });
}

function timezoneOf({ timezone }: BacktestCommandOptions, shop: TillwatchConfig | undefined): string {
  const zone = timezone ?? shop?.shop.timezone ?? 'UTC';
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch (cause) {
    throw new CliError(`--timezone: "${zone}" is not a time zone; write Europe/Berlin or UTC`, { cause });
  }
  return zone;
}

function readColumns(pairs: readonly string[]): Map<OrderField, string> {
  const columns = new Map<OrderField, string>();
  for (const pair of pairs) {
    const [field, name] = splitPair(pair);
    if (!(ORDER_FIELDS as readonly string[]).includes(field) || name === '') {
      throw new CliError(
        `--columns: "${pair}" is not one of ${ORDER_FIELDS.join(', ')} = column; write time="Created at"`,
      );
    }
    columns.set(field as OrderField, name);
  }
  return columns;
}

function readStatuses(pairs: readonly string[]): Map<string, OrderOutcome> {
  const outcomes: readonly string[] = ['success', 'failure', 'abandoned', 'pending'];
  const statuses = new Map<string, OrderOutcome>();
  for (const pair of pairs) {
    const [word, outcome] = splitPair(pair);
    if (word === '' || !outcomes.includes(outcome)) {
      throw new CliError(`--status: "${pair}" is not word=outcome; an outcome is one of ${outcomes.join(', ')}`);
    }
    statuses.set(statusWord(word), outcome as OrderOutcome);
  }
  return statuses;
}

function splitPair(pair: string): [string, string] {
  const at = pair.lastIndexOf('=');
  return at === -1 ? [pair.trim(), ''] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
}

function readSpan(flag: string, text: string, isZeroAllowed: boolean): number {
  const ms = parseDuration(text);
  if (ms === undefined || (ms === 0 && !isZeroAllowed)) {
    throw new CliError(`${flag}: "${text}" is not a duration; write ${flag === '--interval' ? '15s' : '8d'}`);
  }
  return ms;
}

function progressOf(terminal: Terminal): Progress {
  const isTerminal = terminal === processTerminal && process.stderr.isTTY === true;
  const columns = process.stderr.columns || 80;
  return new Progress({ write: (text) => terminal.err(text), isTerminal, columns }, () => performance.now());
}

function readOptions(progress: Progress, signal: AbortSignal): ReadOptions {
  return {
    signal,
    onProgress: ({ share, samples }) => progress.update('reading', share, `${samples.toLocaleString('en')} samples`),
  };
}

function report(results: readonly Backtest[], context: ReportContext, isJson: boolean): string {
  const [ours, theirs] = results as [Backtest, Backtest | undefined];
  if (theirs === undefined) {
    return isJson
      ? json({ ...(backtestJson(ours) as object), source: context.source, notes: context.notes })
      : backtestText(ours, context);
  }
  const comparison = compareBacktests(ours, theirs);
  if (!isJson) return comparisonText(ours, theirs, comparison, context);
  const about = { source: context.source, notes: context.notes };
  return json({ ...about, a: backtestJson(ours), b: backtestJson(theirs), comparison: comparisonJson(comparison) });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
