import { FAULTS } from '@tillwatch/example-shop';
import { closest } from '@tillwatch/model';
import { startDemo } from '../demo/demo.ts';
import { type DrillResult, drillTable, runDrill } from '../demo/drill.ts';
import { CliError, loggerFor, parseListen, type Terminal, untilSignal } from './terminal.ts';

interface DemoCommandOptions {
  readonly listen: string;
  readonly data: string;
  readonly rate?: number;
  readonly seed?: number;
  readonly language: string;
  readonly json?: boolean;
  readonly logLevel: string;
}

/** Runs the demo until it is told to stop. */
export async function demoCommand(terminal: Terminal, options: DemoCommandOptions): Promise<number> {
  const { SLACK_WEBHOOK_URL: slackWebhookUrl, SMTP_URL: smtpUrl } = process.env;
  const demo = await startDemo({
    dir: options.data,
    listen: parseListen(options.listen),
    language: options.language,
    logger: loggerFor(options.logLevel, terminal),
    seed: options.seed,
    ratePerMinute: options.rate,
    slackWebhookUrl,
    smtpUrl,
    progress: (what) => terminal.err(`tillwatch: ${what} …\n`),
  });
  const url = demo.tillwatch.url();
  if (options.json === true) {
    terminal.out(
      `${JSON.stringify({ url, shopUrl: demo.shop.url, adminUrl: demo.shop.adminUrl, pid: process.pid })}\n`,
    );
  } else {
    terminal.out(welcome(url, demo.shop.url, slackWebhookUrl !== undefined, smtpUrl !== undefined));
  }
  await untilSignal();
  terminal.err('tillwatch: closing …\n');
  await demo.stop();
  return 0;
}

function welcome(url: string, shopUrl: string, realSlack: boolean, realMail: boolean): string {
  const where = (real: boolean) =>
    real ? 'go to the address in your environment' : 'are shown on the page as they arrive';
  return [
    '',
    `  The watch   ${url}`,
    `  The shop    ${shopUrl}`,
    '',
    '  Customers are shopping. Break the shop on the page, or in another terminal:',
    '',
    '    npx tillwatch demo break provider-outage',
    '    npx tillwatch demo heal',
    '',
    `  Slack messages ${where(realSlack)}, e-mails ${where(realMail)}.`,
    '  Ctrl+C ends it.',
    '',
    '',
  ].join('\n');
}

export async function breakCommand(terminal: Terminal, name: string, options: { url: string }): Promise<number> {
  await setFault(options.url, knownFault(name), true);
  terminal.out(`Broken: ${name}. The page shows what comes of it: ${options.url}\n`);
  return 0;
}

export async function healCommand(
  terminal: Terminal,
  name: string | undefined,
  options: { url: string },
): Promise<number> {
  const names = name === undefined ? FAULTS.map((fault) => fault.name) : [knownFault(name)];
  for (const one of names) await setFault(options.url, one, false);
  terminal.out(`Healed: ${name ?? 'everything'}.\n`);
  return 0;
}

async function setFault(url: string, name: string, active: boolean): Promise<void> {
  let response: Response;
  try {
    response = await fetch(new URL(`/api/tillwatch/demo/faults/${encodeURIComponent(name)}`, url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ active }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch (cause) {
    throw new CliError(`no demo answers at ${url}; start it with: npx tillwatch demo (or say where it is with --url)`, {
      cause,
    });
  }
  if (!response.ok) {
    const body = (await response.json().catch(() => ({}))) as { error?: string };
    throw new CliError(body.error ?? `${url} answered ${response.status}`);
  }
}

interface DrillCommandOptions {
  readonly list?: boolean;
  readonly json?: boolean;
  readonly seed?: number;
  readonly rate?: number;
  readonly stack: 'embedded' | 'real';
}

/** A fire drill; exit code 0 only when what should happen happened. */
export async function drillCommand(
  terminal: Terminal,
  name: string | undefined,
  options: DrillCommandOptions,
): Promise<number> {
  if (options.list === true) {
    terminal.out(
      options.json === true
        ? `${JSON.stringify(FAULTS.map(({ name, title, expect }) => ({ name, title, expect })))}\n`
        : FAULTS.map((fault) => `${fault.name.padEnd(18)}${fault.title} (${EXPECTED[fault.expect]})\n`).join(''),
    );
    return 0;
  }
  if (name === undefined) throw new CliError('which fault? tillwatch demo drill --list names them');
  const result: DrillResult = await runDrill({
    fault: knownFault(name),
    stack: options.stack,
    seed: options.seed,
    ratePerMinute: options.rate,
    progress: (what) => terminal.err(`tillwatch: ${what}\n`),
  });
  terminal.out(options.json === true ? `${JSON.stringify(result.report)}\n` : drillTable(result));
  return result.passed ? 0 : 1;
}

const EXPECTED = {
  page: 'somebody must be paged',
  inform: 'informs, nobody is paged',
  none: 'nobody is paged',
} as const;

function knownFault(name: string) {
  const fault = FAULTS.find((candidate) => candidate.name === name);
  if (fault !== undefined) return fault.name;
  const near = closest(
    name,
    FAULTS.map((candidate) => candidate.name),
  );
  throw new CliError(
    `there is no fault "${name}"${near === undefined ? '' : `; did you mean ${near}?`} (tillwatch demo drill --list names them)`,
  );
}
