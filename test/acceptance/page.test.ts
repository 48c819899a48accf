import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, launchChromium } from '../support/chromium.ts';
import { startTillwatch, waitFor } from '../support/tillwatch-process.ts';

describe.skipIf(!existsSync(CHROMIUM))('the page in Chromium, over the demo shop', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-page-'));
  let demo: Awaited<ReturnType<typeof startTillwatch>>;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    demo = await startTillwatch(['demo', '--json', '--listen', '127.0.0.1:0', '--data', dir]);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(String(demo.ready.url));
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const verdict = () => page.locator('.verdict').textContent();

  test('it turns red, names the provider, shows the messages, and goes back to green', {
    timeout: 15 * 60_000,
  }, async () => {
    await waitFor('a healthy verdict', 120_000, async () => /healthy/i.test((await verdict().catch(() => '')) ?? ''));
    expect(await page.title()).toContain('Healthy');
    // Rules compare with the recent past: let there be some.
    await waitFor('two minutes of orders', 240_000, async () => {
      const answer = await fetch(new URL('/api/v1/query?query=count_over_time(up[10m])>=30', String(demo.ready.url)));
      const body = (await answer.json()) as { data: { result: unknown[] } };
      return body.data.result.length > 0;
    });

    await page.getByRole('button', { name: 'Break: Payment provider down' }).click();
    await waitFor('a red verdict that names the provider', 240_000, async () =>
      /failing.*nordbank/is.test((await verdict()) ?? ''),
    );
    expect(await page.title()).toContain('Failing');
    await waitFor(
      'a Slack message on the page',
      240_000,
      async () => (await page.locator('.message .slack').count()) > 0,
    );
    await waitFor('an e-mail on the page', 60_000, async () => (await page.locator('.message iframe').count()) > 0);
    expect(await page.locator('.message .slack').first().textContent()).toContain('nordbank');
    await waitFor('a page by the sentinel', 120_000, async () => {
      const alerts = 'ALERTS{detector="sentinel",alertstate="firing",provider="nordbank"}';
      const answer = await fetch(new URL(`/api/v1/query?query=${encodeURIComponent(alerts)}`, String(demo.ready.url)));
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length > 0;
    });

    await page.getByRole('button', { name: 'Heal: Payment provider down' }).click();
    await waitFor('a green verdict', 420_000, async () => /healthy/i.test((await verdict()) ?? ''));
    expect(errors).toEqual([]);
  });

  test('it fits a phone, and dark', async () => {
    const phone = await browser.newPage({ viewport: { width: 360, height: 780 }, colorScheme: 'dark' });
    await phone.goto(String(demo.ready.url));
    await phone.locator('.verdict').waitFor();
    const [content, screen, ground] = await phone.evaluate(() => [
      document.documentElement.scrollWidth,
      window.innerWidth,
      getComputedStyle(document.body).backgroundColor,
    ]);
    expect(content).toBeLessThanOrEqual(Number(screen));
    expect(ground).toBe('rgb(14, 17, 22)');
    await phone.close();
  });
});
