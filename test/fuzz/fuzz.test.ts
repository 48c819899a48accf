import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';
import { parsers } from './subjects.ts';

/** A bounded part of what `npm run fuzz` reads, always the same. An input without an end runs into the time limit of its test. */
const SEED = 1;
const INPUTS = 2_000;

test.for(parsers.map((subject) => [subject.name, subject] as const))('%s bear anything', async ([, subject]) => {
  const inputs = Math.ceil(INPUTS * (subject.share ?? 1));
  const { failures, accepted, refused } = await fuzz(subject, { seed: SEED, inputs });
  expect(
    failures.map(
      ({ number, input, error }) => `input ${number}, ${JSON.stringify(input.slice(0, 200))}: ${error.stack}`,
    ),
  ).toEqual([]);
  expect(accepted + refused).toBe(inputs);
  expect(accepted).toBeGreaterThan(0);
});
