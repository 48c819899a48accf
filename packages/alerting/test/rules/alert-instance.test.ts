import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AlertInstance, advance, RESOLVED_RETENTION_MS } from '../../src/rules/alert-instance.ts';

const MINUTE = 60_000;

function states(activity: readonly number[], forMinutes: number, keepMinutes: number): (string | undefined)[] {
  let instance: AlertInstance | undefined;
  return activity.map((active, minute) => {
    const timing = { forMs: forMinutes * MINUTE, keepFiringForMs: keepMinutes * MINUTE };
    instance = advance(instance, active === 1, timing, minute * MINUTE);
    return instance?.state;
  });
}

test.for([
  ['fires at once without a for clause', 0, 0, [1, 1, 0], ['firing', 'firing', 'inactive']],
  ['waits out its for clause', 2, 0, [1, 1, 1], ['pending', 'pending', 'firing']],
  ['starts over after a gap', 2, 0, [1, 0, 1, 1], ['pending', undefined, 'pending', 'pending']],
  ['is kept firing over a gap', 0, 2, [1, 0, 0, 1], ['firing', 'firing', 'firing', 'firing']],
  ['resolves when the keeping is over', 0, 2, [1, 0, 0, 0], ['firing', 'firing', 'firing', 'inactive']],
  [
    'starts the keeping anew after each return',
    0,
    2,
    [1, 0, 1, 0, 0, 0],
    ['firing', 'firing', 'firing', 'firing', 'firing', 'inactive'],
  ],
  ['does not keep what only was pending', 2, 2, [1, 1, 0], ['pending', 'pending', undefined]],
  ['waits again after it was resolved', 1, 0, [1, 1, 0, 1, 1], ['pending', 'firing', 'inactive', 'pending', 'firing']],
] as const)('%s', ([, forMinutes, keepMinutes, activity, expected]) => {
  expect(states(activity, forMinutes, keepMinutes)).toEqual(expected);
});

test('a resolved alert is forgotten after its retention', () => {
  const resolved: AlertInstance = { state: 'inactive', activeAtMs: 0, firedAtMs: 0, resolvedAtMs: 0 };
  const timing = { forMs: 0, keepFiringForMs: 0 };
  expect(advance(resolved, false, timing, RESOLVED_RETENTION_MS)).toBe(resolved);
  expect(advance(resolved, false, timing, RESOLVED_RETENTION_MS + 1)).toBeUndefined();
});

test('no alert fires before its condition has held for the whole of its for clause', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), fc.nat(10), fc.nat(5), (activity, forMinutes, keep) => {
      const seen = states(activity.map(Number), forMinutes, keep);
      seen.forEach((state, i) => {
        if (state !== 'firing' || seen[i - 1] === 'firing') return;
        expect(activity.slice(i - forMinutes, i + 1)).toEqual(Array.from({ length: forMinutes + 1 }, () => true));
      });
    }),
  );
});
