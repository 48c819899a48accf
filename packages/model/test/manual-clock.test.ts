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
