import { readFile } from 'node:fs/promises';
import {
  createPromotionDesk,
  type PromotionCalendar,
  type PromotionDesk,
  type PromotionReport,
  type PromotionView,
  type Readiness,
  type ReportFigure,
  UnknownPromotionError,
} from '@tillwatch/checkout';
import { systemClock } from '@tillwatch/model';
import { loadTillwatchYaml } from '../configuration.ts';
import { createPrometheusApi } from '../prometheus-api/prometheus-api.ts';
import { askPage } from './ask-page.ts';
import { CliError, plural, printProblems, type Terminal } from './terminal.ts';

/** Who is asked: the running watch by its page, or a Prometheus beside which the tillwatch.yaml lies. */
interface PromotionFlags {
  readonly url: string;
  readonly prometheus?: string;
  readonly bearerTokenFile?: string;
  readonly config: string;
  readonly json?: boolean;
}

type Calendar = Pick<PromotionDesk, 'calendar' | 'readiness' | 'report'>;

/** The calendar: what is ahead, live and over. */
export async function promotionListCommand(terminal: Terminal, flags: PromotionFlags): Promise<number> {
  const calendar = await openCalendar(terminal, flags);
  if (calendar === undefined) return 1;
  const { promotions: views } = await calendar.calendar();
  if (flags.json === true) terminal.out(`${JSON.stringify(views, null, 2)}\n`);
  else if (views.length === 0) terminal.out('No promotion is planned: add it to promotions in tillwatch.yaml.\n');
  else
    terminal.out(
      table(
        views.map(({ name, phase, fromMs, toMs, expectedFactor }) => [
          phase,
          name,
          `${time(fromMs)} to ${time(toMs)}`,
          `x${expectedFactor}`,
        ]),
      ),
    );
  return 0;
}

/** The check before a promotion: of the one named, or of the next. Returns 1 when something is not ready. */
export async function promotionReadyCommand(
  terminal: Terminal,
  name: string | undefined,
  flags: PromotionFlags,
): Promise<number> {
  const calendar = await openCalendar(terminal, flags);
  if (calendar === undefined) return 1;
  const chosen = name ?? nextOf((await calendar.calendar()).promotions);
  const readiness = await calendar.readiness(chosen, 'en');
  terminal.out(flags.json === true ? `${JSON.stringify(readiness, null, 2)}\n` : readinessText(chosen, readiness));
  return readiness.isReady ? 0 : 1;
}

/** What came of a promotion, or of the one that is live or was over last. */
export async function promotionReportCommand(
  terminal: Terminal,
  name: string | undefined,
  flags: PromotionFlags,
): Promise<number> {
  const calendar = await openCalendar(terminal, flags);
  if (calendar === undefined) return 1;
  const { shop, promotions } = await calendar.calendar();
  const chosen = name ?? latestOf(promotions);
  const report = await calendar.report(chosen);
  terminal.out(
    flags.json === true ? `${JSON.stringify(report, null, 2)}\n` : reportText(chosen, report, shop.currency),
  );
  return 0;
}

/** `undefined` when tillwatch.yaml has errors, which are printed. */
async function openCalendar(terminal: Terminal, flags: PromotionFlags): Promise<Calendar | undefined> {
  if (flags.prometheus === undefined) return pageCalendar(flags.url);
  const { value: config, problems } = await loadTillwatchYaml(flags.config);
  printProblems(problems, terminal, 'Nothing was asked.');
  if (config === undefined) return undefined;
  const { prometheus, bearerTokenFile } = flags;
  const querier = createPrometheusApi({
    url: prometheus,
    ...(bearerTokenFile === undefined
      ? {}
      : { bearerToken: async () => (await readFile(bearerTokenFile, 'utf8')).trim() }),
  });
  const desk = createPromotionDesk({ querier, config: () => config, clock: systemClock, pageUrl: config.shop.pageUrl });
  return {
    calendar: () => desk.calendar(),
    readiness: (name, language) => desk.readiness(name, language).catch(rethrow),
    report: (name) => desk.report(name).catch(rethrow),
  };
}

/** A wrong name is the user's to mend. */
function rethrow(error: unknown): never {
  throw error instanceof UnknownPromotionError ? new CliError(error.message, { cause: error }) : error;
}

/** The calendar of a running watch. */
function pageCalendar(url: string): Calendar {
  const path = (name: string, what: string) => `/api/tillwatch/promotions/${encodeURIComponent(name)}/${what}`;
  return {
    calendar: () => askPage<PromotionCalendar>(url, '/api/tillwatch/promotions'),
    readiness: (name, language) =>
      askPage<Readiness>(url, `${path(name, 'readiness')}${language === undefined ? '' : `?language=${language}`}`),
    report: (name) => askPage<PromotionReport>(url, path(name, 'report')),
  };
}

function nextOf(views: readonly PromotionView[]): string {
  const next = views.find(({ phase }) => phase !== 'over');
  if (next === undefined)
    throw new CliError('no promotion is ahead; name one, or add it to promotions in tillwatch.yaml');
  return next.name;
}

function latestOf(views: readonly PromotionView[]): string {
  const latest = views.find(({ phase }) => phase === 'live') ?? views.find(({ phase }) => phase === 'over');
  if (latest === undefined) throw new CliError('no promotion has begun yet, so there is nothing to report');
  return latest.name;
}

const MARKS = { ready: 'ok', 'not-ready': 'NOT READY', 'not-known': 'not known' } as const;

function readinessText(name: string, { checks, isReady, atMs }: Readiness): string {
  const rows = checks.map(({ state, topic, finding, toDo }) => [
    MARKS[state],
    topic,
    toDo === '' ? finding : `${finding}\n= ${toDo}`,
  ]);
  const count = (state: keyof typeof MARKS) => checks.filter((check) => check.state === state).length;
  const unknown = count('not-known');
  const closing = isReady
    ? `Ready${unknown === 0 ? '' : `, as far as it is known: ${plural(unknown, 'point')} could not be checked`}.`
    : `Not ready: ${plural(count('not-ready'), 'point')} to mend before the start.`;
  return `${name}, as of ${time(atMs)}\n\n${table(rows)}\n${closing}\n`;
}

function reportText(name: string, report: PromotionReport, currency: string): string {
  const { successRate, reachedFactor, expectedFactor, peak, worst, slowest, incidents } = report;
  const whole = (value: number) => Math.round(value).toLocaleString('en');
  const money = (value: number) => `${whole(value)}${currency === '' ? '' : ` ${currency}`}`;
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  const compared = ({ during, expected, usual }: ReportFigure, write: (value: number) => string) =>
    [
      during === null ? 'not known' : write(during),
      expected === null ? '' : `expected ${write(expected)}`,
      usual === null ? '' : `usual ${write(usual)}`,
    ]
      .filter(Boolean)
      .join(', ');
  const rows = [
    ['Orders', compared(report.orders, whole)],
    ['Revenue', compared(report.money, money)],
    ['Started', compared(report.attempts, whole)],
    [
      'Success',
      [
        successRate.during === null ? 'not known' : percent(successRate.during),
        successRate.usual === null ? '' : `before ${percent(successRate.usual)}`,
        `objective ${percent(successRate.objective)}`,
      ]
        .filter(Boolean)
        .join(', '),
    ],
    ['Factor', `${reachedFactor === null ? 'not known' : reachedFactor.toFixed(1)}, expected ${expectedFactor}`],
    ['Best', peak === null ? 'not known' : `${whole(peak.value)} orders in the minute of ${time(peak.atMs)}`],
    ['Worst', worst === null ? 'not known' : `${percent(worst.value)} succeeded at ${time(worst.atMs)}`],
    [
      'Slowest',
      slowest === null
        ? 'not known'
        : `${slowest.value.toFixed(1)} s for ${slowest.step} (p95) at ${time(slowest.atMs)}`,
    ],
  ];
  const told = incidents.map(({ fromMs, toMs, alerts, lostOrders, lostMoney }) => [
    time(fromMs),
    `${Math.max(1, Math.round(((toMs ?? report.untilMs) - fromMs) / 60_000))} min`,
    `about ${whole(lostOrders.mid)} orders, ${money(lostMoney.mid)}`,
    alerts.join(', '),
  ]);
  return [
    `${name}${report.isOver ? '' : ' so far'}, until ${time(report.untilMs)}\n`,
    table(rows),
    told.length === 0
      ? 'No incident: nobody had to be woken.\n'
      : `${plural(told.length, 'incident')}:\n${table(told)}`,
  ].join('\n');
}

/** Columns of even width, without a border. A cell of several lines is continued below itself. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((known, row) => {
    row.slice(0, -1).forEach((cell, i) => {
      known[i] = Math.max(known[i] ?? 0, cell.length);
    });
    return known;
  }, []);
  const indent = ' '.repeat(widths.reduce((sum, width) => sum + width + 2, 0));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell.replaceAll('\n', `\n${indent}`) : cell.padEnd(widths[i] ?? 0)))
        .join('  '),
    )
    .map((line) => `${line}\n`)
    .join('');
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ').concat('Z');
}
