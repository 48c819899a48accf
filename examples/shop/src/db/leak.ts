import { setTimeout as sleep } from 'node:timers/promises';

/** Takes a connection; the result gives it back. Rejects when none became free in time. */
type Take = () => Promise<() => void>;

/**
 * What a job does that forgets to give its connections back: it goes on asking until it has `count` and keeps what it gets.
 * The returned function gives everything back and resolves when that is done.
 */
export function leakAll(count: number, take: Take): () => Promise<void> {
  let isOver = false;
  const leaks = Array.from({ length: count }, async () => {
    while (!isOver) {
      const giveBack = await take().catch(() => undefined);
      if (giveBack !== undefined) return giveBack;
      await sleep(100);
    }
    return undefined;
  });
  return async () => {
    isOver = true;
    await Promise.all(leaks.map(async (leak) => (await leak)?.()));
  };
}
