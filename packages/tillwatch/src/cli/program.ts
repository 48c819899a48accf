import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../build-info.ts';
import { ConfigurationError } from '../configuration-error.ts';
import { CliError, printProblems, processTerminal, type Terminal } from './terminal.ts';

/** Where the page is when nothing else is said. */
const DEFAULT_LISTEN = '127.0.0.1:9095';

/** Runs one command line and returns its exit code: 0 well, 1 not, 2 for a command line that makes no sense. */
export async function runCli(args: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  let code = 0;
  const run: Runner =
    (load) =>
    async (...given) => {
      const command = await load();
      code = await command(terminal, ...given);
    };
  try {
    await buildProgram(terminal, run).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof ConfigurationError) {
      printProblems(error.problems, terminal, 'Nothing was started.');
      return 1;
    }
    // What the user can mend is said in a line; a bug shows its stack.
    const expected =
      error instanceof CliError || (error as Error).cause !== undefined || (error as Error).name === 'StoreError';
    terminal.err(`tillwatch: ${expected ? (error as Error).message : (error as Error).stack}\n`);
    return 1;
  }
}

/** Makes what runs a command, which is loaded when it is run: the watch has no use for the code of the others. */
type Runner = <A extends unknown[]>(
  load: () => Promise<(terminal: Terminal, ...args: A) => Promise<number>>,
) => (...given: A) => Promise<void>;

function buildProgram(terminal: Terminal, run: Runner): Command {
  const program = new Command('tillwatch')
    .description("Keeps watch on a shop's till: is checkout failing, why, and what does it cost?")
    .version(VERSION)
    // Flags behind a subcommand are the subcommand's.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('(tillwatch --help lists the commands)');

  const configOption = () => new Option('-c, --config <file>', 'what to watch').default('tillwatch.yaml');
  const logOption = () => new Option('--log-level <level>', 'error, warn, info or debug').default('info');

  program
    .command('up')
    .description('run the embedded engine: measure, show, alert, tell')
    .addOption(configOption())
    .option('--prometheus <file>', 'run on this prometheus.yml and its rule files instead of a tillwatch.yaml')
    .option('--alertmanager <file>', 'the alertmanager.yml that goes with --prometheus')
    .option('--data <dir>', 'folder of the store', '.tillwatch/data')
    .option('--listen <address>', 'host:port of the page and the API; port 0 picks a free one', DEFAULT_LISTEN)
    .option('--external-url <url>', 'the address under which people reach the page, for links in messages')
    .option(
      '--retention <duration>',
      'how long samples are kept (default: as prometheus.yml or tillwatch.yaml says, else 30d)',
    )
    .option('--retention-size <size>', 'how large the store may become, such as 10GB (default: as prometheus.yml says)')
    .option(
      '--web.cors.origin <regex>',
      'origins whose pages may read the API, such as https://grafana\\.example (default: none)',
    )
    .option('--json', 'print one line of JSON with the address when ready')
    .addOption(logOption())
    .action(run(async () => (await import('./up.ts')).upCommand));

  program
    .command('init')
    .description('write a commented tillwatch.yaml, by asking or by flags')
    .option('-y, --yes', 'ask nothing, take the defaults for what no flag says')
    .option('--out <dir>', 'where to write it', '.')
    .option('--force', 'overwrite what is there')
    .option('--shop <name>', 'the name of the shop')
    .option('--currency <code>', 'ISO 4217 code, such as EUR')
    .option('--timezone <zone>', 'IANA time zone, such as Europe/Berlin')
    .option('--language <tag>', 'language of the messages: en or de')
    .option('--target <url>', 'where the shop serves its metrics, such as http://localhost:3000/metrics')
    .action(run(async () => (await import('./init.ts')).initCommand));

  const check = program
    .command('check')
    .description('validate configuration: every problem with its file, line and column')
    .argument(
      '[files...]',
      'tillwatch.yaml, prometheus.yml, alertmanager.yml, rule files or their tests (default: tillwatch.yaml)',
    )
    .action(run(async () => (await import('./check.ts')).checkCommand));
  check
    .command('metrics')
    .description('validate metrics pages: what strict readers refuse, and the conventions for names')
    .argument('[files...]', 'saved pages, or - for standard input (default: -)')
    .action(run(async () => (await import('./check-metrics.ts')).checkMetricsCommand));

  program
    .command('generate')
    .description('write the standard files for Prometheus, Alertmanager and Grafana')
    .addOption(configOption())
    .requiredOption('--out <dir>', 'where to write them')
    .option('--sentinel <address>', 'host:port of a "tillwatch sentinel": scrape it, with rules on its evidence')
    .action(run(async () => (await import('./generate.ts')).generateCommand));

  program
    .command('messages')
    .description('write the texts of messages, to change them')
    .addOption(configOption())
    .option('--out <dir>', 'where to write them', 'messages')
    .option('--language <tags...>', 'en, de or one like de-AT (default: the languages of the teams)')
    .option('--force', 'overwrite what is there')
    .action(run(async () => (await import('./messages.ts')).messagesCommand));

  program
    .command('test')
    .description('try out what was written before it is needed')
    .command('rules')
    .description('run tests of rules, in the form of promtool test rules')
    .argument('<files...>', 'files of tests; they name the rule files')
    .addOption(
      new Option('--run <regex>', 'only tests whose name matches; can be given several times').argParser(
        (regex: string, others: readonly string[] = []) => [...others, regex],
      ),
    )
    .option('--json', 'print the result as JSON')
    .option('--junit <file>', 'write the result for a build server')
    .option('--ignore-unknown-fields', 'warn about fields that nobody knows instead of refusing them')
    .action(run(async () => (await import('./test-rules.ts')).testRulesCommand));

  program
    .command('backtest')
    .description('replay rules over the past: what would have fired, who would have been told when, what it cost')
    .option('--rules <files...>', 'rule files, or a tillwatch.yaml for the rules that it means (default: --config)')
    .option('--compare <files...>', 'other rules on the same past, side by side')
    .option('-c, --config <file>', 'who is told, and what an order is worth (default: tillwatch.yaml)')
    .option('--alertmanager <file>', 'who is told by this alertmanager.yml instead')
    .option('--data <dir>', 'the past: the store of the embedded engine')
    .option('--prometheus <url>', 'the past: any server with the API of Prometheus')
    .option('--bearer-token-file <file>', 'the token of that server')
    .option('--openmetrics <file>', 'the past: samples with timestamps, as promtool tsdb dump-openmetrics writes them')
    .option('--orders <file>', "the past: orders or payments as CSV, or Stripe's charges as JSON")
    .addOption(repeated('--columns <field=name>', 'which column of --orders says what: time="Created at"'))
    .addOption(repeated('--status <word=outcome>', 'what a word in the column of the status means: "on hold=pending"'))
    .option(
      '--from <time>',
      'the first moment, or how long before the last one: 30d (default: as far as the past goes)',
    )
    .option('--to <time>', 'the last moment')
    .option('--interval <duration>', 'how often rules are evaluated, where their group does not say (default: 15s)')
    .option(
      '--warm-up <duration>',
      'how long before --from rules begin (default: as far as they look back, 8d at most)',
    )
    .option('--no-sentinel', 'leave out the sentinel, and the rules on what it says')
    .option(
      '--timezone <zone>',
      'of the report, and of times of --orders that name none (default: of the shop, else UTC)',
    )
    .option('--json', 'print the result as JSON')
    .action(run(async () => (await import('./backtest.ts')).backtestCommand));

  program
    .command('import')
    .description('bring the past into the store: samples with timestamps, or what a Prometheus has')
    .argument('[file]', 'OpenMetrics or classic text, also gzipped; a URL of it, or - for standard input')
    .option('--data <dir>', 'folder of the store; nothing else may be running on it', '.tillwatch/data')
    .option('--prometheus <url>', 'import from any server with the API of Prometheus')
    .option('--bearer-token-file <file>', 'the token of that server')
    .addOption(repeated('--match <selector>', 'which series of that server (default: all)'))
    .option('--from <time>', 'the first moment, or how long before the last one (default: 15d)')
    .option('--to <time>', 'the last moment (default: now)')
    .action(run(async () => (await import('./import.ts')).importCommand));

  program
    .command('export')
    .description('write the samples of the store as OpenMetrics text')
    .option('--data <dir>', 'folder of the store; it may be running', '.tillwatch/data')
    .addOption(repeated('--match <selector>', 'which series (default: all)'))
    .option('--from <time>', 'the first moment, or how long before the last one')
    .option('--to <time>', 'the last moment')
    .option('--out <file>', 'where to write it (default: standard output); packed if the name ends in .gz')
    .option('--gzip', 'pack it')
    .action(run(async () => (await import('./export.ts')).exportCommand));

  program
    .command('diagnose')
    .description('name the parts to which failing or missing checkouts can be put down')
    .requiredOption('--prometheus <url>', 'a Prometheus-compatible server, or a running tillwatch')
    .option('--bearer-token-file <file>', 'the token of that server')
    .option('--for <duration>', 'how long it has been going wrong', '15m')
    .option('--at <time>', 'up to when (default: now)')
    .option('--past <duration>', 'the time before, to compare with', '1h')
    .option('--json', 'print the result as JSON')
    .action(run(async () => (await import('./diagnose.ts')).diagnoseCommand));

  program
    .command('sentinel')
    .description('watch a shop through another Prometheus, which scrapes the evidence')
    .requiredOption('--prometheus <url>', 'a Prometheus-compatible server that has the metrics of the shop')
    .option('--bearer-token-file <file>', 'the token of that server')
    .option('--listen <address>', 'host:port of the evidence; port 0 picks a free one', '127.0.0.1:9096')
    .option('-c, --config <file>', 'the tillwatch.yaml of the shop (default: whatever exports checkout metrics)')
    .option('--interval <duration>', 'how often to look', '5s')
    .option('--json', 'print one line of JSON with the address when it listens')
    .addOption(logOption())
    .action(run(async () => (await import('./sentinel.ts')).sentinelCommand));

  const notify = program.command('notify').description('delivery of messages');
  notify
    .command('test')
    .description('send a marked test message to every receiver')
    .argument('[receiver]', 'only this one')
    .addOption(configOption())
    .option('--alertmanager <file>', 'the receivers of this alertmanager.yml instead of a tillwatch.yaml')
    .option('--url <url>', 'let the watch whose page this is send them; then it knows that they were reached')
    .action(run(async () => (await import('./notify.ts')).notifyTestCommand));

  const promotion = program
    .command('promotion')
    .description('planned surges: the calendar, the check before, the report afterwards');
  const promotionOptions = (command: Command): Command =>
    command
      .option('--url <url>', 'the page of the running watch', `http://${DEFAULT_LISTEN}`)
      .option('--prometheus <url>', 'ask this Prometheus instead, beside which --config lies')
      .option('--bearer-token-file <file>', 'the token of that server')
      .addOption(configOption())
      .option('--json', 'print the result as JSON');
  promotionOptions(promotion.command('list').description('what is ahead, live and over')).action(
    run(async () => (await import('./promotion.ts')).promotionListCommand),
  );
  promotionOptions(
    promotion
      .command('ready')
      .description('is all ready? Exits with 1 when something is not')
      .argument('[name]', 'the promotion (default: the next)'),
  ).action(run(async () => (await import('./promotion.ts')).promotionReadyCommand));
  promotionOptions(
    promotion
      .command('report')
      .description('what came of it')
      .argument('[name]', 'the promotion (default: the live one, or the last)'),
  ).action(run(async () => (await import('./promotion.ts')).promotionReportCommand));

  const demo = program
    .command('demo')
    .enablePositionalOptions()
    .description('run a small shop with customers, and watch it')
    .option('--listen <address>', 'host:port of the page; port 0 picks a free one', DEFAULT_LISTEN)
    .option('--data <dir>', 'folder of the demo', '.tillwatch/demo')
    .option('--rate <number>', 'checkout attempts per minute', number)
    .option('--seed <number>', 'seed of the customers', number)
    .option('--language <tag>', 'language of the messages: en or de', 'en')
    .option('--json', 'print one line of JSON with the addresses when ready')
    .addOption(new Option('--log-level <level>', 'error, warn, info or debug').default('warn'))
    .action(run(async () => (await import('./demo.ts')).demoCommand));
  const urlOption = () => new Option('--url <url>', 'the page of the running demo').default(`http://${DEFAULT_LISTEN}`);
  demo
    .command('break')
    .description('break the shop of the running demo')
    .argument('<name>', 'the fault')
    .addOption(urlOption())
    .action(run(async () => (await import('./demo.ts')).breakCommand));
  demo
    .command('heal')
    .description('heal it')
    .argument('[name]', 'the fault (default: all)')
    .addOption(urlOption())
    .action(run(async () => (await import('./demo.ts')).healCommand));
  demo
    .command('drill')
    .description('a fire drill: break the shop, wait for the messages, heal it, wait for the all-clear')
    .argument('[name]', 'the fault')
    .option('--list', 'list the faults')
    .option('--json', 'print the result as JSON')
    .option('--seed <number>', 'seed of the customers', number)
    .option('--rate <number>', 'checkout attempts per minute', number)
    .addOption(
      new Option(
        '--stack <kind>',
        'who watches: the embedded engine, or the Prometheus and Alertmanager of this machine',
      )
        .choices(['embedded', 'real'])
        .default('embedded'),
    )
    .action(run(async () => (await import('./demo.ts')).drillCommand));
  return program;
}

/** An option that can be given several times. */
function repeated(flags: string, description: string): Option {
  return new Option(flags, `${description}; can be given several times`).argParser(
    (value: string, others: readonly string[] = []) => [...others, value],
  );
}

function number(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('a number from 0 on is needed.');
  return value;
}
