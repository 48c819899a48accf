import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAlertRouter, type TestDelivery } from '@tillwatch/alerting';
import { silentLogger, systemClock } from '@tillwatch/model';
import { openTsdb } from '@tillwatch/tsdb';
import { loadAlertmanagerFiles } from '../configuration.ts';
import { loadShop } from '../shop-setup.ts';
import { askPage } from './ask-page.ts';
import { CliError, printProblems, type Terminal } from './terminal.ts';

/**
 * Sends a marked test message through the real path of every receiver, and says how each went. With `url` the watch that
 * runs there sends them, and remembers who could be reached.
 */
export async function notifyTestCommand(
  terminal: Terminal,
  receiver: string | undefined,
  options: { config: string; alertmanager?: string; url?: string },
): Promise<number> {
  if (options.url !== undefined) {
    const { deliveries } = await askPage<{ deliveries: TestDelivery[] }>(
      options.url,
      '/api/tillwatch/receivers/test',
      receiver === undefined ? {} : { receiver },
    );
    return report(terminal, receiver, deliveries);
  }
  const dir = await mkdtemp(join(tmpdir(), 'tillwatch-notify-'));
  try {
    const loaded =
      options.alertmanager === undefined
        ? await loadShop({ file: options.config, dir: join(dir, 'generated'), environment: process.env })
        : await loadAlertmanagerFiles(options.alertmanager);
    printProblems(loaded.problems, terminal, loaded.value === undefined ? 'Nothing was sent.' : '');
    if (loaded.value === undefined) return 1;
    const { alertmanager, templates } = 'configuration' in loaded.value ? loaded.value.configuration : loaded.value;
    if (alertmanager === undefined) throw new CliError('there is no receiver to send to');

    const ledger = await openTsdb(join(dir, 'data'), { retentionMs: 3_600_000 });
    const router = createAlertRouter({
      config: alertmanager,
      templates,
      ledger,
      clock: systemClock,
      logger: silentLogger,
      externalUrl: 'http://localhost',
    });
    try {
      return report(terminal, receiver, await router.test(receiver));
    } finally {
      await router.stop();
      await ledger.close();
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function report(terminal: Terminal, receiver: string | undefined, results: readonly TestDelivery[]): number {
  if (results.length === 0) {
    throw new CliError(
      receiver === undefined
        ? 'no receiver has Slack, e-mail or a webhook'
        : `there is no receiver "${receiver}" with Slack, e-mail or a webhook`,
    );
  }
  for (const result of results) {
    terminal.out(
      `${result.ok ? 'ok    ' : 'FAILED'}  ${result.receiver}  ${result.integration}${result.ok ? '' : `  ${result.error}`}\n`,
    );
    if (!result.ok && result.hint !== undefined) terminal.out(`        = ${result.hint}\n`);
  }
  return results.every((result) => result.ok) ? 0 : 1;
}
