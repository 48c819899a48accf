import { expect, test } from 'vitest';
import { invariant, unreachable } from '../src/invariant.ts';

test.for([false, 0, '', null, undefined, Number.NaN])('%s breaks an invariant, and it is called a bug', (condition) => {
  expect(() => invariant(condition, 'the head is open')).toThrow(/^bug in Tillwatch: the head is open$/);
});

test.for([true, 1, 'x', {}])('%s holds', (condition) => {
  expect(() => invariant(condition, 'never said')).not.toThrow();
});

test('what the compiler held for impossible is named', () => {
  expect(() => unreachable('paused' as never)).toThrow('bug in Tillwatch: unexpected value "paused"');
});
