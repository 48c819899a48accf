/** Asks again and again until `ask` gives something, and gives that. Fails, with the last error, after `withinMs`. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  withinMs = 8_000,
): Promise<T> {
  const endsAtMs = Date.now() + withinMs;
  let last: unknown;
  while (Date.now() < endsAtMs) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last });
}
