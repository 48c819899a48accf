/** Takes a connection as soon as one is free; the result gives it back. */
type Take = () => Promise<() => void | Promise<void>>;

/**
 * What a job does that forgets to give its connections back: it asks for all of them at once and keeps what it gets, also
 * those that become free later. The returned function gives everything back and resolves when that is done.
 */
export function leakAll(count: number, take: Take): () => Promise<void> {
  const taken = Array.from({ length: count }, () => take().catch(() => undefined));
  return async () => {
    await Promise.all(taken.map(async (connection) => (await connection)?.()));
  };
}
