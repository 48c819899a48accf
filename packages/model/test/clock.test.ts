import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../src/clock.ts';

const DAY_MS = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Sleeps on Node's timers, turned by hand: they fire at once when they are set beyond what 31 bits hold. */
function sleepFor(ms: number, signal?: AbortSignal): { readonly state: () => string } {
  let state = 'asleep';
  systemClock.sleep(ms, signal).then(
    () => (state = 'awake'),
    (reason: Error) => (state = reason.message),
  );
  return { state: () => state };
}

test.for([
  ['a moment', 5],
  ['as long as one timer can', 2 ** 31 - 1],
  ['longer than one timer can', 2 ** 31],
  ['a quarter', 90 * DAY_MS],
] as const)('the system clock sleeps %s', async ([, ms]) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const sleeper = sleepFor(ms);
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(sleeper.state()).toBe('asleep');
  await vi.advanceTimersByTimeAsync(1);
  expect(sleeper.state()).toBe('awake');
  expect(vi.getTimerCount()).toBe(0);
});

test('a long sleep is ended by its signal in any of its parts', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const abort = new AbortController();
  const sleeper = sleepFor(90 * DAY_MS, abort.signal);
  await vi.advanceTimersByTimeAsync(40 * DAY_MS);
  abort.abort(new Error('enough'));
  await vi.advanceTimersByTimeAsync(0);
  expect(sleeper.state()).toBe('enough');
  expect(vi.getTimerCount()).toBe(0);
});

test('the system clock tells the time', () => {
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(1_000);
});
