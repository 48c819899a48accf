import { bench, describe } from 'vitest';
import { Labels } from '../src/labels.ts';

const SORTED = [
  ['__name__', 'checkout_step_duration_seconds_bucket'],
  ['channel', 'web'],
  ['instance', 'shop:3000'],
  ['job', 'checkout'],
  ['le', '0.25'],
  ['provider', 'paywell'],
  ['step', 'payment'],
] as const;
const AS_EXPOSED = [SORTED[0], SORTED[6], SORTED[5], SORTED[1], SORTED[4], SORTED[3], SORTED[2]];
const labels = Labels.from(SORTED);

describe('a label set of seven', () => {
  bench('from sorted pairs', () => void Labels.from(SORTED));
  bench('from pairs as a page exposes them', () => void Labels.from(AS_EXPOSED));
  bench('without two', () => void labels.without(['instance', 'le']));
  bench('keep two', () => void labels.keep(['provider', 'step']));
  bench('with another value', () => void labels.with('le', '0.5'));
  bench('its key', () => void Labels.from(SORTED).key);
});
