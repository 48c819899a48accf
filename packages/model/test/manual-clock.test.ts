import { expect, test } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { ManualClock } from '../src/manual-clock.ts';

test('sleepers wake in the order of their times, each at its time', async () => {
  const clock = new ManualClock(1_000);
  const woken: [string, number][] = [];
  const sleeper = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push([name, clock.nowMs()]);
  };
  void sleeper('late', 50);
  void sleeper('early', 10).then(() => sleeper('again', 15));
  await clock.advance(40);
  expect(woken).toEqual([
    ['early', 1_010],
    ['again', 1_025],
  ]);
  expect(clock.sleeping).toBe(1);
  await clock.advance(10);
  expect(woken.at(-1)).toEqual(['late', 1_050]);
});

test('sleepers of one time wake in the order in which they lay down', async () => {
  const clock = new ManualClock();
  const woken: string[] = [];
  for (const name of ['first', 'second', 'third']) void clock.sleep(5).then(() => woken.push(name));
  void clock.sleep(-3).then(() => woken.push('at once'));
  await clock.advance(4);
  expect(woken).toEqual(['at once']);
  await clock.advance(1);
  expect(woken).toEqual(['at once', 'first', 'second', 'third']);
  expect([clock.sleeping, clock.nowMs()]).toEqual([0, 5]);
});

test('an aborted sleeper is gone, and the others sleep on', async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const aborted = clock.sleep(10, abort.signal);
  const other = clock.sleep(10);
  abort.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  expect(clock.sleeping).toBe(1);
  await clock.advance(10);
  await other;
  expect(clock.sleeping).toBe(0);
});

test.for([
  ['a manual clock', new ManualClock()],
  ['the system clock', systemClock],
] as const)('%s ends a sleep that is aborted', async ([, clock]) => {
  const abort = new AbortController();
  const sleeping = clock.sleep(60_000, abort.signal);
  abort.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await expect(clock.sleep(1, abort.signal)).rejects.toThrow('enough');
});
