import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAULTS, type Fault, type FaultName } from '@tillwatch/example-shop';
import { silentLogger } from '@tillwatch/model';
import type { DemoMessage } from '@tillwatch/web/api';
import { startDemo } from './demo.ts';
import type { MessageSinks } from './message-sinks.ts';
import { isAllClear, isPage, messageText, moneyIn, namesIn, receiverOf } from './read-message.ts';
import { startRealStack } from './real-stack.ts';
import type { ShopProcess } from './shop-process.ts';

export interface DrillOptions {
  readonly fault: FaultName;
  readonly stack: 'embedded' | 'real';
  readonly seed?: number | undefined;
  readonly ratePerMinute?: number | undefined;
  readonly progress: (what: string) => void;
}

/** What a drill found, in the form that `--json` prints. */
interface DrillReport {
  readonly fault: FaultName;
  readonly detected: boolean;
  /** From the fault to the first Slack message that pages (or, for a fault that only informs, informs); `null` for none. */
  readonly secondsToSlack: number | null;
  readonly secondsToEmail: number | null;
  readonly paged: boolean;
  /** Who was told while the fault was there: `slack developers`, `email business@shop.example`. */
  readonly receivers: readonly string[];
  /** The parts that should be named and were, by the messages' own texts. */
  readonly named: Readonly<Record<string, string>>;
  /** The amounts of the last message that carried some while the fault was there. */
  readonly money: { readonly lost: number | null; readonly perHour: number | null; readonly currency: string };
  /** Everybody who was told also got the all-clear; `null` where nobody was woken, since then nobody waits for it. */
  readonly resolved: boolean | null;
  /** Messages that paged before the fault, or, for a fault that should page nobody, at any time. */
  readonly falseAlarms: number;
  readonly messages: readonly string[];
}

export interface DrillResult {
  readonly report: DrillReport;
  readonly passed: boolean;
  /** What should have happened and did not. */
  readonly shortcomings: readonly string[];
}

/** The parts that a drill moves; the real stack and the embedded engine both come in this form. */
export interface DrillGround {
  readonly shop: ShopProcess;
  readonly sinks: MessageSinks;
  /** Rejects when the watch does not see the shop in time. */
  untilHealthy(): Promise<void>;
  stop(): Promise<void>;
}

/** Healthy customers before the fault: rules compare with the recent past, and false alarms need time to show. */
const WARM_UP_MS = 240_000;
/** How long a page may take before the drill counts it as missed. */
const PAGE_WITHIN_MS = 480_000;
/** How long nobody may be paged when nobody should be. */
const QUIET_FOR_MS = 240_000;
/** A fault lasts at least so long, so that messages which name amounts have something to name. */
const BROKEN_AT_LEAST_MS = 180_000;
const ALL_CLEAR_WITHIN_MS = 900_000;

/** Breaks a shop on free ports, waits for what should come of it, heals it and waits for the all-clear. */
export async function runDrill(options: DrillOptions): Promise<DrillResult> {
  const fault = FAULTS.find((candidate) => candidate.name === options.fault)!;
  const dir = await mkdtemp(join(tmpdir(), 'tillwatch-drill-'));
  let ground: DrillGround | undefined;
  try {
    ground = options.stack === 'real' ? await startRealStack(dir, options) : await startEmbedded(dir, options);
    return await drill(ground, fault, options.progress);
  } finally {
    await ground?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function drill(ground: DrillGround, fault: Fault, progress: (what: string) => void): Promise<DrillResult> {
  const { shop, sinks } = ground;
  await ground.untilHealthy();
  progress(`healthy; watching ${WARM_UP_MS / 1000} s of it`);
  await sleep(WARM_UP_MS);
  const before = sinks.messages().filter(isPage);

  progress(`breaking: ${fault.title}`);
  const brokenAtMs = Date.now();
  await shop.setFault(fault.name, true);
  const during = () => sinks.messages().filter((message) => message.receivedAtMs >= brokenAtMs);
  const told = (message: DemoMessage) => (fault.expect === 'page' ? isPage(message) : !isAllClear(message));
  const firstBy = (kind: DemoMessage['kind']) =>
    during()
      .filter((message) => message.kind === kind && told(message))
      .at(-1);

  if (fault.expect === 'page') {
    await until(() => firstBy('slack') !== undefined && firstBy('email') !== undefined, PAGE_WITHIN_MS);
    await sleep(Math.max(0, brokenAtMs + BROKEN_AT_LEAST_MS - Date.now()));
  } else {
    await sleep(QUIET_FOR_MS);
  }
  const atHeal = during();

  progress('healing');
  await shop.setFault(fault.name, false);
  const toldReceivers = [...new Set(atHeal.filter((message) => !isAllClear(message)).map(receiverOf))];
  const cleared = () => {
    const all = new Set(during().filter(isAllClear).map(receiverOf));
    return toldReceivers.every((receiver) => all.has(receiver));
  };
  // Notices look back over long windows, and nobody waits up for their end.
  if (fault.expect === 'page' && toldReceivers.length > 0) {
    progress('waiting for the all-clear');
    await until(cleared, ALL_CLEAR_WITHIN_MS);
  }

  const secondsTo = (kind: DemoMessage['kind']) => {
    const first = firstBy(kind);
    return first === undefined ? null : Math.round((first.receivedAtMs - brokenAtMs) / 100) / 10;
  };
  const paged = atHeal.some(isPage);
  const amounts = atHeal.map(moneyIn).find((money) => money.lost !== null || money.perHour !== null);
  const report: DrillReport = {
    fault: fault.name,
    detected: atHeal.some(told),
    secondsToSlack: secondsTo('slack'),
    secondsToEmail: secondsTo('email'),
    paged,
    receivers: toldReceivers,
    named: namesIn(atHeal.filter(told).map(messageText), fault.labels),
    money: amounts ?? { lost: null, perHour: null, currency: 'EUR' },
    resolved: fault.expect === 'page' ? toldReceivers.length > 0 && cleared() : null,
    falseAlarms: before.length + (fault.expect === 'page' ? 0 : atHeal.filter(isPage).length),
    messages: sinks.messages().toReversed().map(messageText),
  };
  const shortcomings = judge(report, fault);
  return { report, passed: shortcomings.length === 0, shortcomings };
}

function judge(report: DrillReport, fault: Fault): string[] {
  const wrong: string[] = [];
  if (report.falseAlarms > 0) wrong.push(`${report.falseAlarms} messages paged somebody for a healthy shop`);
  if (fault.expect !== 'page') return wrong;
  if (report.secondsToSlack === null) wrong.push('no Slack message');
  if (report.secondsToEmail === null) wrong.push('no e-mail');
  for (const [label, value] of Object.entries(fault.labels)) {
    if (report.named[label] === undefined) wrong.push(`${label} ${value} was not named`);
  }
  if (report.money.lost === null && report.money.perHour === null) wrong.push('no amount of money');
  if (report.resolved !== true) wrong.push('no all-clear for everybody who was told');
  return wrong;
}

async function startEmbedded(dir: string, { seed, ratePerMinute, progress }: DrillOptions): Promise<DrillGround> {
  const demo = await startDemo({
    dir,
    listen: { host: '127.0.0.1', port: 0 },
    language: 'en',
    logger: silentLogger,
    seed,
    ratePerMinute,
    progress: (what) => progress(`${what} …`),
  });
  return {
    shop: demo.shop,
    sinks: demo.sinks,
    async untilHealthy() {
      const healthy = async () => {
        const response = await fetch(
          new URL('/api/v1/query?query=sum(rate(checkout_attempts_total[1m]))%3E0', demo.tillwatch.url()),
        );
        const body = (await response.json()) as { data?: { result?: unknown[] } };
        return (body.data?.result?.length ?? 0) > 0;
      };
      await until(healthy, 120_000, 'the watch saw no checkout within two minutes');
    },
    stop: () => demo.stop(),
  };
}

/** The result as a table for people. */
export function drillTable({ report, passed, shortcomings }: DrillResult): string {
  const seconds = (value: number | null) => (value === null ? 'no message' : `${value} s`);
  const amount = (value: number | null) => (value === null ? 'not said' : `about ${value} ${report.money.currency}`);
  const rows: (readonly [string, string])[] = [
    ['Fault', report.fault],
    ['Slack after', seconds(report.secondsToSlack)],
    ['E-mail after', seconds(report.secondsToEmail)],
    ['Paged', report.paged ? 'yes' : 'no'],
    ['Told', report.receivers.join(', ') || 'nobody'],
    [
      'Named',
      Object.entries(report.named)
        .map(([label, value]) => `${label} ${value}`)
        .join(', ') || 'nothing',
    ],
    ['Money lost', amount(report.money.lost)],
    ['Money an hour', amount(report.money.perHour)],
    ['All-clear', report.resolved === null ? 'not waited for: nobody was to be woken' : report.resolved ? 'yes' : 'no'],
    ['False alarms', String(report.falseAlarms)],
    ['Result', passed ? 'as it should be' : `not as it should be: ${shortcomings.join('; ')}`],
  ];
  return `${rows.map(([name, value]) => `  ${name.padEnd(15)}${value}`).join('\n')}\n`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until something holds. Without a `complaint` it gives up silently: what is missing shows in the report. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
  complaint?: string,
): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() >= endMs) {
      if (complaint !== undefined) throw new Error(complaint, { cause: 'timeout' });
      return;
    }
    await sleep(250);
  }
}
