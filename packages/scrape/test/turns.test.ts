import { expect, test } from 'vitest';
import { Turns } from '../src/loop/turns.ts';

/** Holds up the event loop until a timer of a millisecond is due. */
function work(): void {
  const until = performance.now() + 3;
  while (performance.now() < until);
}

test('pieces of work come one after the other, and what they lead to and what is due comes between them', async () => {
  const turns = new Turns();
  const log: string[] = [];
  setTimeout(() => log.push('due'), 1);
  const pieces = ['a', 'b', 'c'].map(async (name) => {
    await turns.next();
    log.push(name);
    work();
    setImmediate(() => log.push(`${name} is stored`));
  });
  await Promise.all(pieces);
  await new Promise((resolve) => setImmediate(resolve));
  expect(log.filter((entry) => entry !== 'due')).toEqual(['a', 'a is stored', 'b', 'b is stored', 'c', 'c is stored']);
  expect(log.indexOf('due')).toBeLessThan(log.indexOf('c'));
  // Later it is somebody's turn at once.
  await turns.next();
});
