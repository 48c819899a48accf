import type { CheckoutOverview as Computed, PromotionCalendar as ComputedCalendar } from '@tillwatch/checkout';
import type { CheckoutOverview as Shown, PromotionCalendar as ShownCalendar } from '@tillwatch/web/api';
import { expectTypeOf, test } from 'vitest';

test('the overview that is computed and the overview that the page shows are the same (held by the type check)', () => {
  expectTypeOf<Computed>().toExtend<Shown>();
  expectTypeOf<Shown>().toExtend<Computed>();
});

test('so are the calendars of promotions', () => {
  expectTypeOf<ComputedCalendar>().toExtend<ShownCalendar>();
  expectTypeOf<ShownCalendar>().toExtend<ComputedCalendar>();
});
