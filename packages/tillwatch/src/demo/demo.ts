import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FAULTS } from '@tillwatch/example-shop';
import type { Logger } from '@tillwatch/model';
import type { DemoFeed } from '../live-feed.ts';
import { loadShop } from '../shop-setup.ts';
import { createTillwatch, type Tillwatch } from '../tillwatch.ts';
import { DEMO_ENVIRONMENT, demoConfig } from './demo-config.ts';
import { type MessageSinks, startMessageSinks } from './message-sinks.ts';
import { type ShopProcess, startShopProcess } from './shop-process.ts';

export interface DemoOptions {
  readonly dir: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly language: string;
  readonly logger: Logger;
  readonly seed?: number | undefined;
  readonly ratePerMinute?: number | undefined;
  /** Real receivers instead of the local ones. */
  readonly slackWebhookUrl?: string | undefined;
  readonly smtpUrl?: string | undefined;
  /** Told what is being done, for somebody who waits. */
  readonly progress?: (what: string) => void;
}

/** A shop with customers, and the watch over it. */
export interface Demo {
  readonly tillwatch: Tillwatch;
  readonly shop: ShopProcess;
  readonly sinks: MessageSinks;
  stop(): Promise<void>;
}

/** In the demo's folder. */
const SHOP_LOG = 'shop.log';

/**
 * Starts the shop, local message sinks and the watch. A demo begins with an empty store: yesterday's demo, switched off in
 * the evening, would look like a night without a single order.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { dir, logger, progress = () => undefined } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let end = stops.pop(); end !== undefined; end = stops.pop()) await end();
  };
  try {
    await rm(join(dir, 'data'), { recursive: true, force: true });
    await rm(join(dir, SHOP_LOG), { force: true });
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const sinks = await startMessageSinks();
    stops.push(() => sinks.stop());
    progress('opening the shop');
    const shop = await startShopProcess({
      seed: options.seed,
      ratePerMinute: options.ratePerMinute,
      logFile: join(dir, SHOP_LOG),
    });
    stops.push(() => shop.stop());

    progress('starting the watch');
    const environment = demoEnvironment(sinks, options);
    const configFile = join(dir, 'tillwatch.yaml');
    const pageUrl = options.listen.port === 0 ? undefined : `http://${options.listen.host}:${options.listen.port}`;
    await writeFile(
      configFile,
      demoConfig({
        metricsUrl: shop.metricsUrl,
        pageUrl: pageUrl ?? 'http://127.0.0.1',
        language: options.language,
        logFile: SHOP_LOG,
      }),
    );
    const tillwatch = createTillwatch({
      load: () => loadShop({ file: configFile, dir: join(dir, 'generated'), environment }),
      dataDir: join(dir, 'data'),
      listen: options.listen,
      retentionMs: 7 * 86_400_000,
      logger,
      demo: demoFeed(shop, sinks),
    });
    await tillwatch.start();
    stops.push(() => tillwatch.stop());
    return { tillwatch, shop, sinks, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where the demo's messages go: to the local sinks, or to the real receivers that the user named. */
export function demoEnvironment(
  sinks: MessageSinks,
  real: { slackWebhookUrl?: string | undefined; smtpUrl?: string | undefined },
): Record<string, string> {
  const { dev, ops, business, smtp } = DEMO_ENVIRONMENT;
  return {
    [dev]: real.slackWebhookUrl ?? sinks.slackUrl('developers'),
    [ops]: real.slackWebhookUrl ?? sinks.slackUrl('operations'),
    [business]: real.slackWebhookUrl ?? sinks.slackUrl('business'),
    [smtp]: real.smtpUrl ?? `smtp://${sinks.smarthost}`,
  };
}

function demoFeed(shop: ShopProcess, sinks: MessageSinks): DemoFeed {
  return {
    async state() {
      const active: readonly string[] = await shop.activeFaults().catch(() => []);
      return {
        shopUrl: shop.url,
        faults: FAULTS.map(({ name, title, what, expect }) => ({
          name,
          title,
          description: what,
          active: active.includes(name),
          expect,
        })),
        messages: sinks.messages(50),
      };
    },
    setFault: (name, active) => shop.setFault(name, active),
  };
}
