import type { Estimate } from '@tillwatch/checkout';
import { formatDuration } from '@tillwatch/model';
import { type ComparedIncident, type Comparison, noticedAtMs } from './compare.ts';
import type { PricedIncident } from './cost.ts';
import type { FiredAlert } from './incidents.ts';
import type { Backtest } from './run-backtest.ts';
import { table } from './table.ts';

/** What a report says besides the results. */
export interface ReportContext {
  /** What the past is called. */
  readonly source: string;
  readonly notes: readonly string[];
  /** IANA name; times are told in it. */
  readonly timezone: string;
  readonly isRouted: boolean;
}

/** More rows of a table than this are counted instead of shown; the JSON has them all. */
const MOST_ROWS = 200;
const MINUTE_MS = 60_000;

/** A backtest as a page of text. */
export function backtestText(backtest: Backtest, context: ReportContext): string {
  const { incidents } = backtest;
  const pages = incidents.filter(({ isPage }) => isPage);
  const informs = incidents.filter(({ isPage }) => !isPage);
  return sections([
    heading(backtest, context),
    `${summary(backtest, context)}${lossSummary(backtest)}`,
    pages.length === 0 ? '' : `What would have paged\n${incidentTable(pages, backtest, context)}`,
    informs.length === 0 ? '' : `What would have informed\n${incidentTable(informs, backtest, context)}`,
    section('Notes', remarks(backtest, context)),
  ]);
}

/** Two rule sets side by side as a page of text. */
export function comparisonText(
  ours: Backtest,
  theirs: Backtest,
  comparison: Comparison,
  context: ReportContext,
): string {
  const { pages, alerts, medianLaterMs } = comparison;
  const both = pages.filter((one) => one.ours !== undefined && one.theirs !== undefined).length;
  const only = (side: 'ours' | 'theirs', other: 'ours' | 'theirs') =>
    pages.filter((one) => one[side] !== undefined && one[other] === undefined).length;
  const sides = [
    ['', 'A', 'B'],
    ['pages a week', ours.pagesPerWeek.toFixed(1), theirs.pagesPerWeek.toFixed(1)],
    ['incidents that page', String(count(ours)), String(count(theirs))],
    ['in both', String(both), String(both)],
    ['only in this one', String(only('ours', 'theirs')), String(only('theirs', 'ours'))],
    ['orders lost before anybody was told', lostBefore(ours), lostBefore(theirs)],
  ];
  const when =
    medianLaterMs === undefined
      ? 'No incident pages in both.'
      : `Of what pages in both, B ${context.isRouted ? 'tells' : 'fires'} ${difference(medianLaterMs)} in the median.`;
  return sections([
    `${heading(ours, context)}\nA: ${ours.rules}\nB: ${theirs.rules}`,
    `${table(sides)}\n${when}`,
    pages.length === 0 ? '' : `What pages\n${comparisonTable(pages, context)}`,
    alerts.length === 0
      ? ''
      : `How often each alert fired\n${table([['alert', 'A', 'B'], ...alerts.map((one) => [one.alert, String(one.ours), String(one.theirs)])])}`,
    ...comparedRemarks(remarks(ours, context), remarks(theirs, context)),
  ]);
}

function sections(texts: readonly string[]): string {
  return `${texts.filter((text) => text !== '').join('\n\n')}\n`;
}

function heading({ rules, fromMs, toMs }: Backtest, { source, timezone }: ReportContext): string {
  const days = (toMs - fromMs) / 86_400_000;
  const span =
    days >= 2 ? `${days.toFixed(1).replace('.0', '')} days` : formatDuration(roundTo(toMs - fromMs, MINUTE_MS));
  return `${rules} on ${source}\n${time(fromMs, timezone)} to ${time(toMs, timezone)} (${span}, times in ${timezone})`;
}

function summary({ incidents, pagesPerWeek, alerts }: Backtest, { isRouted }: ReportContext): string {
  const pages = incidents.filter(({ isPage }) => isPage);
  if (alerts.length === 0) return 'Nothing would have fired.';
  const told = pages.filter((one) => one.told.length > 0).length;
  const unheard = isRouted && told < pages.length ? ` ${pages.length - told} of them would have told nobody.` : '';
  const informs = incidents.length - pages.length;
  const week = `${pagesPerWeek.toFixed(1)} pages a week`;
  const loud = pages.length === 1 ? '1 incident pages' : `${pages.length || 'No'} incidents page`;
  const rest = informs === 0 ? '' : `, ${informs} only ${informs === 1 ? 'informs' : 'inform'}`;
  return `${loud}${rest}: ${week}.${unheard}`;
}

function lossSummary({ incidents, currency }: Backtest): string {
  const priced = incidents.filter(({ isPage, cost }) => isPage && cost !== undefined);
  if (priced.length === 0) return '';
  const sum = (of: (one: PricedIncident) => number) => priced.reduce((all, one) => all + of(one), 0);
  const orders = sum(({ cost }) => cost!.whole.orders.mid);
  if (orders === 0) return '\nNo orders were lost while something paged.';
  const before = sum(({ cost }) => cost!.untilTold.orders.mid);
  const worth = sum(({ cost }) => cost!.whole.money.mid);
  return `\nAbout ${orders} orders${worth > 0 ? ` (${money(worth, currency)})` : ''} were lost while something paged, ${before} of them before anybody was told.`;
}

function incidentTable(incidents: readonly PricedIncident[], backtest: Backtest, context: ReportContext): string {
  const hasCost = incidents.some(({ cost }) => cost !== undefined);
  const header = ['began', 'lasted', context.isRouted ? 'told after' : 'fired after', 'what', 'who'];
  const rows = incidents
    .slice(0, MOST_ROWS)
    .map((one) => [
      time(one.sinceMs, context.timezone),
      lasted(one, backtest.toMs),
      noticed(one, context),
      what(one),
      who(one, context),
      ...(hasCost ? [lostText(one, backtest.currency), minuteText(one, backtest.currency)] : []),
    ]);
  const cost = hasCost ? ['lost (before told)', 'a minute costs'] : [];
  const more = incidents.length - rows.length;
  return `${table([[...header, ...cost], ...rows])}${more > 0 ? `\nand ${more} more (--json has them all)` : ''}`;
}

function comparisonTable(pages: readonly ComparedIncident[], context: ReportContext): string {
  const rows = pages.slice(0, MOST_ROWS).map(({ ours, theirs, laterMs }) => {
    const side = (one: PricedIncident | undefined) =>
      one === undefined ? '-' : `${noticed(one, context)} ${what(one)}`;
    const began = Math.min(ours?.sinceMs ?? Number.POSITIVE_INFINITY, theirs?.sinceMs ?? Number.POSITIVE_INFINITY);
    const verdict = laterMs === undefined ? (ours === undefined ? 'only B' : 'only A') : `B ${difference(laterMs)}`;
    return [time(began, context.timezone), side(ours), side(theirs), verdict];
  });
  const more = pages.length - rows.length;
  return `${table([['began', 'A', 'B', ''], ...rows])}${more > 0 ? `\nand ${more} more (--json has them all)` : ''}`;
}

/** What the reader of a backtest should know about it, a line each; lines that belong to the one above are indented. */
function remarks(backtest: Backtest, { notes, isRouted }: ReportContext): string[] {
  const lines = [...notes];
  if (!isRouted) lines.push('Nobody is routed to: give --alertmanager or a tillwatch.yaml to see who is told when.');
  if (backtest.startMs < backtest.fromMs) {
    lines.push(
      `Rules ran ${formatDuration(backtest.fromMs - backtest.startMs)} before --from, so that they know what was usual.`,
    );
  }
  for (const { rule, error, ticks } of backtest.failures) {
    lines.push(`${rule} failed at ${ticks} evaluations: ${error.replaceAll('\n', '\n    ')}`);
  }
  if (backtest.missing.length > 0) {
    lines.push('Not in this past, so that alerts which need it keep silent:');
    for (const { selector, alerts } of backtest.missing) {
      lines.push(`  ${selector}${alerts.length === 0 ? '' : ` (${shortList(alerts, 3)})`}`);
    }
  }
  return lines;
}

/** What holds for both is said once. */
function comparedRemarks(ours: readonly string[], theirs: readonly string[]): string[] {
  if (ours.join('\n') === theirs.join('\n')) return [section('Notes', ours)];
  return [section('Notes on A', ours), section('Notes on B', theirs)];
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

function what({ alerts, isPage }: PricedIncident): string {
  const main = alerts.filter((alert) => alert.isPage === isPage);
  const first = main[0]!;
  const parts = partOf(first);
  const names = [...new Set(main.map(({ alert }) => alert))].filter((name) => name !== first.alert);
  return `${first.alert}${parts === '' ? '' : ` (${parts})`}${names.length === 0 ? '' : `, ${shortList(names, 2)}`}`;
}

/** What the alert is about, by the labels that say so. */
function partOf({ labels }: FiredAlert): string {
  const told = ['provider', 'method', 'step', 'channel', 'region', 'version', 'instance', 'job', 'objective'];
  return told
    .flatMap((name) => (labels.has(name) ? [`${name} ${labels.get(name)}`] : []))
    .slice(0, 2)
    .join(', ');
}

function who({ told, alerts }: PricedIncident, { isRouted }: ReportContext): string {
  if (!isRouted) return '-';
  if (told.length > 0) {
    const first = told[0]!.atMs;
    return told
      .map(({ receiver, atMs }) =>
        atMs === first ? receiver : `${receiver} +${formatDuration(roundTo(atMs - first, 1_000))}`,
      )
      .join(', ');
  }
  const quiet = alerts.find((alert) => alert.quiet !== undefined)?.quiet;
  return quiet === undefined
    ? 'nobody: over before group_wait'
    : `nobody: ${quiet.by} by ${shortList(quiet.because, 2)}`;
}

function noticed(incident: PricedIncident, { isRouted }: ReportContext): string {
  if (isRouted && incident.told.length === 0) return 'never';
  return formatDuration(roundTo(noticedAtMs(incident) - incident.sinceMs, 1_000));
}

function lasted({ sinceMs, untilMs }: PricedIncident, endMs: number): string {
  const text = formatDuration(roundTo((untilMs ?? endMs) - sinceMs, 1_000));
  return untilMs === undefined ? `${text} and on` : text;
}

function lostText({ cost }: PricedIncident, currency: string): string {
  if (cost === undefined) return '';
  const { orders, money: worth, otherMoney } = cost.whole;
  if (orders.high === 0) return 'nothing';
  const sums = [{ money: worth, currency }, ...otherMoney].filter((sum) => sum.money.mid > 0);
  const paid = sums.map((sum) => `, ${money(sum.money.mid, sum.currency)}`).join('');
  return `${range(orders)} orders${paid} (${cost.untilTold.orders.mid})`;
}

function minuteText({ cost }: PricedIncident, currency: string): string {
  if (cost === undefined || cost.ordersPerMinute < 0.05) return '';
  const paid = cost.moneyPerMinute > 0 ? `, ${money(cost.moneyPerMinute, currency)}` : '';
  return `${cost.ordersPerMinute.toFixed(1)} orders${paid}`;
}

function range({ low, mid, high }: Estimate): string {
  return low === high ? String(mid) : `${mid} [${low} to ${high}]`;
}

function money(amount: number, currency: string): string {
  return `${Math.round(amount)} ${currency}`;
}

function count({ incidents }: Backtest): number {
  return incidents.filter(({ isPage }) => isPage).length;
}

function lostBefore({ incidents }: Backtest): string {
  const priced = incidents.filter(({ isPage, cost }) => isPage && cost !== undefined);
  return priced.length === 0 ? '-' : String(priced.reduce((sum, { cost }) => sum + cost!.untilTold.orders.mid, 0));
}

function difference(laterMs: number): string {
  const seconds = roundTo(laterMs, 1_000);
  if (seconds === 0) return 'at the same time';
  return `${formatDuration(Math.abs(seconds))} ${seconds > 0 ? 'later' : 'earlier'}`;
}

function shortList(names: readonly string[], most: number): string {
  return names.length <= most + 1
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}

function time(ms: number, timezone: string): string {
  // Swedish writes dates as ISO 8601 does.
  return new Date(ms).toLocaleString('sv-SE', { timeZone: timezone });
}

function roundTo(ms: number, unitMs: number): number {
  return Math.round(ms / unitMs) * unitMs;
}
