import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, launchChromium } from '../support/chromium.ts';
import { startTillwatch, waitFor } from '../support/tillwatch-process.ts';

describe.skipIf(!existsSync(CHROMIUM))('the query page in Chromium, over the demo shop', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tillwatch-query-page-'));
  let demo: Awaited<ReturnType<typeof startTillwatch>>;
  let browser: Browser;
  let page: Page;
  /** Everything that the browser complains of, what the content security policy forbids among it. */
  const complaints: string[] = [];
  /** Whatever was not asked of the page's own server. */
  const elsewhere: string[] = [];

  const url = (path: string) => new URL(path, String(demo.ready.url)).href;
  const editor = () => page.getByRole('textbox', { name: 'PromQL expression' });
  const rows = () => page.locator('.query-table tbody tr');

  beforeAll(async () => {
    demo = await startTillwatch(['demo', '--json', '--listen', '127.0.0.1:0', '--data', dir]);
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => !request.url().startsWith(url('/')) && elsewhere.push(request.url()));
    await waitFor('a first scrape', 60_000, async () => {
      const answer = await fetch(url('/api/v1/query?query=up==1'));
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length > 0;
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  test('an expression is typed with completion, and answered as a table and as a graph', async () => {
    await page.goto(url('/query'));
    await page.locator('.cm-content').click();
    await page.keyboard.type('sum by (jo', { delay: 20 });
    await page.getByRole('option', { name: 'job', exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.type('b) (up', { delay: 20 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');

    await rows().first().waitFor();
    expect(await rows().allTextContents()).toEqual(['{job="shop"}1']);
    expect(new URL(page.url()).searchParams.get('expr')).toBe('sum by (job) (up)');

    await page.getByRole('button', { name: 'Graph' }).click();
    await page.locator('.query-result canvas').waitFor();
    expect(await page.locator('.query-legend li').allTextContents()).toEqual(['{job="shop"}']);
    expect(new URL(page.url()).searchParams.get('tab')).toBe('graph');

    await page.goBack();
    await rows().first().waitFor();
  });

  test('a link of Prometheus opens here, a series stands alone when it is chosen', async () => {
    await page.goto(
      url(`/graph?g0.expr=${encodeURIComponent('label_replace(up, "copy", "a", "", "") or up')}&g0.tab=0`),
    );
    const lines = page.locator('.query-legend button');
    await lines.first().waitFor();
    expect(await lines.count()).toBe(2);
    await lines.first().click();
    expect(await lines.evaluateAll((all) => all.map((line) => line.getAttribute('aria-pressed')))).toEqual([
      'true',
      'false',
    ]);
    expect(await editor().textContent()).toBe('label_replace(up, "copy", "a", "", "") or up');
  });

  test('warnings and infos are shown beside the values', async () => {
    await page.goto(url(`/query?expr=${encodeURIComponent('rate(up[1m])')}`));
    await page.locator('.notice.info').waitFor();
    expect(await page.locator('.notice.info').textContent()).toContain('metric might not be a counter');
  });

  test('it fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(url(`/query?expr=${encodeURIComponent('checkout_outcomes_total')}&tab=graph`));
    await page.locator('.query-result canvas').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('until here nobody complained, and nothing came from elsewhere', () => {
    expect(complaints).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  test('a mistake is shown with its place, and mended', async () => {
    await page.goto(url('/query?expr=sum(up'));
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toMatch(/query:1:7: error: .*sum\(up\n.*\^/s);
    await page.locator('.cm-lintRange-error, .cm-lintPoint-error').first().waitFor({ state: 'attached' });
    await page.locator('.cm-content').click();
    await page.keyboard.press('End');
    await page.keyboard.type(')');
    await page.keyboard.press('Enter');
    await rows().first().waitFor();
    expect(await rows().allTextContents()).toEqual(['{}1']);
  });
});
