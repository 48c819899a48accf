import { expect, test, vi } from 'vitest';
import { runCli } from '../src/cli/run.ts';
import { startShop } from '../src/index.ts';

/** Runs one command line and gives back what it printed. */
async function shop(
  ...args: readonly string[]
): Promise<{ readonly out: string; readonly err: string; readonly code: unknown }> {
  const out: string[] = [];
  const err: string[] = [];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => err.push(String(text)) > 0),
  ];
  const before = process.exitCode;
  try {
    await runCli(['node', 'shop', ...args]);
    return { out: out.join(''), err: err.join(''), code: process.exitCode };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

test('break, heal and faults talk to a running shop', async () => {
  const running = await startShop({ traffic: false });
  try {
    const url = ['--url', running.adminUrl];
    expect((await shop('break', 'broken-page', ...url)).out).toContain('broken: broken-page');
    expect((await shop('faults', ...url)).out).toMatch(/● broken-page[^\n]*page\)\n○ shop-down/);
    expect((await shop('heal', 'broken-page', ...url)).out).toContain('healed: broken-page');
    await running.setFault('promotion', true);
    expect((await shop('heal', ...url)).out).toContain('healed: everything');
    expect(running.faults().some((fault) => fault.active)).toBe(false);
    const listed = JSON.parse((await shop('faults', '--json', ...url)).out) as { name: string; active: boolean }[];
    expect(listed).toHaveLength(12);
  } finally {
    await running.stop();
  }
}, 60_000);

test('says where it looked when no shop answers', async () => {
  const { err, code } = await shop('break', 'promotion', '--url', 'http://127.0.0.1:1');
  expect([err, code]).toEqual([expect.stringContaining('no shop answers at http://127.0.0.1:1'), 1]);
});
