import { expect, test } from 'vitest';
import { type Clock, steadyClock } from '../src/index.ts';

/** A machine whose clock is set by hand, and time that passes all the same. */
function machine(startMs: number) {
  let setMs = startMs;
  let passedMs = 0;
  const clock: Clock = { nowMs: () => setMs + passedMs, sleep: async () => {} };
  const setBack: number[] = [];
  return {
    setBack,
    steady: steadyClock(
      clock,
      () => passedMs,
      (byMs) => setBack.push(byMs),
    ),
    pass: (ms: number) => {
      passedMs += ms;
    },
    set: (byMs: number) => {
      setMs += byMs;
    },
  };
}

const HOUR_MS = 3_600_000;

test('shows what the machine shows, also when that is set forward', () => {
  const { steady, pass, set } = machine(1_000_000);
  expect(steady.nowMs()).toBe(1_000_000);
  pass(1234);
  expect(steady.nowMs()).toBe(1_001_234);
  set(HOUR_MS);
  pass(1);
  expect(steady.nowMs()).toBe(1_001_235 + HOUR_MS);
  expect(steady.aheadMs()).toBe(0);
});

test.for([
  ['five seconds', 5_000],
  ['an hour', HOUR_MS],
] as const)('goes on when the machine’s clock is set back by %s, until both agree', ([, backMs]) => {
  const { steady, pass, set, setBack } = machine(10 * HOUR_MS);
  const before = steady.nowMs();
  set(-backMs);
  expect(steady.nowMs()).toBe(before);
  expect(steady.aheadMs()).toBe(backMs);
  expect(setBack).toEqual([backMs]);
  pass(1_000);
  expect(steady.nowMs()).toBe(before + 900);
  expect(steady.aheadMs()).toBe(backMs - 100);
  let last = steady.nowMs();
  for (let i = 0; i < 12; i++) {
    pass(backMs);
    expect(steady.nowMs()).toBeGreaterThan(last);
    last = steady.nowMs();
  }
  expect(steady.aheadMs()).toBe(0);
});

test('begins where something newer is stored already', () => {
  const { steady, pass } = machine(1_000_000);
  steady.notBefore(1_000_500);
  expect([steady.nowMs(), steady.aheadMs()]).toEqual([1_000_500, 500]);
  steady.notBefore(999_999);
  pass(10_000);
  expect([steady.nowMs(), steady.aheadMs()]).toEqual([1_010_000, 0]);
});
