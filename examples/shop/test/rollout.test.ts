import { afterEach, describe, expect, test, vi } from 'vitest';
import { Rollout } from '../src/shop/rollout.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A rollout on a clock that is turned by hand; the timers that replace instances follow the same clock. */
function rollout() {
  vi.useFakeTimers();
  let steps = 0;
  const turned = new Rollout(() => {
    steps += 1;
  });
  return { turned, steps: () => steps, after: (seconds: number) => vi.advanceTimersByTime(seconds * 1000) };
}

describe('Rollout', () => {
  test('replaces a quarter at once and every half minute, and stops when all is new', () => {
    const { turned, steps, after } = rollout();
    expect(turned.share()).toBe(0);
    turned.turn(true);
    const shares = [turned.share()];
    for (let i = 0; i < 5; i += 1) {
      after(30);
      shares.push(turned.share());
    }
    expect(shares).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
    expect(steps()).toBe(4);
  });

  test('goes back from where it is', () => {
    const { turned, after } = rollout();
    turned.turn(true);
    after(45);
    expect(turned.share()).toBe(0.5);
    turned.turn(false);
    expect(turned.share()).toBe(0.25);
    after(30);
    expect(turned.share()).toBe(0);
    after(600);
    expect(turned.share()).toBe(0);
  });

  test('stops with the shop: no timer is left', () => {
    const { turned, steps, after } = rollout();
    turned.turn(true);
    turned.stop();
    after(600);
    expect(steps()).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});
