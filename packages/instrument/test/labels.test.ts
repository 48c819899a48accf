import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabelGuard } from '../src/labels/label-guard.ts';
import { MAX_LABEL_LENGTH, sanitizeLabel, sanitizeReason } from '../src/labels/sanitize.ts';
import { series, shop } from './support.ts';

describe('sanitizeReason', () => {
  test.for([
    ['card_declined', 'card_declined'],
    ['Card Declined!', 'card_declined'],
    ['  __x__ ', 'x'],
    ['4242424242424242', 'masked'],
    ['declined 4242 4242 4242 4242 now', 'declined_masked_now'],
    ['no-4242-4242-4242-4242', 'no-masked'],
    ['jane.doe@example.com refused', 'masked_refused'],
    ['12345678901', '12345678901'],
    ['日本語', ''],
  ] as const)('%s becomes "%s"', ([raw, clean]) => expect(sanitizeReason(raw)).toBe(clean));

  test('never lets out another alphabet, a card number, or more than fits', () => {
    const parts = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9 ._-]{10,30}$/));
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 5 }), (texts) => {
        const clean = sanitizeReason(texts.join(''));
        expect(clean).toMatch(/^[a-z0-9_.-]*$/);
        expect(clean.length).toBeLessThanOrEqual(MAX_LABEL_LENGTH);
        expect(clean).not.toMatch(/\d{12}/);
      }),
    );
  });
});

test.for([
  ['Zürich', 'Zürich'],
  ['a\nb\u2028c', 'a b c'],
  ['5555 5555 5555 4444', 'masked'],
  [`${'x'.repeat(63)}😀`, 'x'.repeat(63)],
  ['y'.repeat(100_000), 'y'.repeat(64)],
] as const)('a label keeps its alphabet and loses what must not be kept (%#)', ([raw, clean]) =>
  expect(sanitizeLabel(raw)).toBe(clean),
);

test('a guard admits declared values beyond its limit and remembers who was in', () => {
  let folded = 0;
  const guard = new LabelGuard({ declared: ['a', 'b'], maxValues: 3, clean: sanitizeLabel, onFold: () => folded++ });
  expect(['x', 'y', 'z', 'x', ' x ', 'a', 'b', undefined, ''].map((raw) => guard.admit(raw))).toEqual([
    ...['x', 'other', 'other', 'x', 'x', 'a', 'b', '', ''],
  ]);
  expect(folded).toBe(2);
});

describe('an attacker', () => {
  test('who varies every field at once cannot explode the series', async () => {
    const { checkout } = shop({ maxSeries: 2000 });
    for (let i = 0; i < 3000; i++) {
      const attempt = checkout.start({
        channel: `c${i}`,
        region: `r${i * 7}`,
        version: `v${i * 3}`,
        currency: `X${i}`,
        value: 1,
      });
      await attempt.step(`s${i}`, { provider: `p${i}`, method: `m${i}` }, () => 1);
      attempt.fail({ reason: `reason_${i}` });
    }
    const after = await series(checkout);
    const count = (prefix: string) => [...after.keys()].filter((key) => key.startsWith(prefix)).length;
    expect(count('checkout_attempts_total')).toBeLessThan(200);
    // One new label set per value until the labels are full, and the declared ones.
    expect(count('checkout_outcomes_total')).toBeLessThan(500);
    expect(count('checkout_step_duration_seconds_count')).toBeLessThan(150);
    const total = [...after]
      .filter(([key]) => key.startsWith('checkout_attempts_total'))
      .reduce((sum, [, v]) => sum + v, 0);
    expect(total).toBe(3000);
    expect(after.get('instrument_folded_total{label="region"}')).toBeGreaterThan(2900);
    // What is declared is told apart as before.
    checkout.start({ channel: 'app', region: 'us' });
    expect((await series(checkout)).get('checkout_attempts_total{channel="app",region="us",version="v7"}')).toBe(1);
  });

  test('who combines values falls into one overflow set, and outcome and class stay true', async () => {
    const { checkout } = shop({ maxSeries: 400, maxInitialSeries: 300 });
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 40; j++) {
        checkout.start({ channel: `c${i}`, region: `r${j}` }).fail({ step: 'cart', reason: 'card_declined' });
      }
    }
    const after = await series(checkout);
    const outcomes = [...after].filter(([key]) => key.startsWith('checkout_outcomes_total'));
    expect(outcomes.length).toBeLessThanOrEqual(402);
    const customers = outcomes.filter(
      ([key]) => key.includes('outcome="failure"') && key.includes('reason_class="customer"'),
    );
    expect(customers.reduce((sum, [, value]) => sum + value, 0)).toBe(1600);
    expect(after.get('instrument_folded_total{metric="checkout_outcomes_total"}')).toBeGreaterThan(1000);
  });
});
