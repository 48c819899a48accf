import { setTimeout as delay } from 'node:timers/promises';

/** What `find` finds, asked ten times a second for at most twenty seconds: for what other programs do in their own time. */
export async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const found = await find();
    if (found !== undefined) return found;
    await delay(100);
  }
  throw new Error(`${what} did not come`);
}
