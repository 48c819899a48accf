import { describe, expect, test } from 'vitest';
import { findProduct, PROMOTED } from '../src/domain/catalogue.ts';
import { PROVIDERS, providerFor } from '../src/domain/journey.ts';
import { Prng } from '../src/domain/prng.ts';
import { readAddress } from '../src/shop/address.ts';
import { type Customer, drawBot, drawCustomer } from '../src/traffic/customer.ts';
import { rhythmAt } from '../src/traffic/rhythm.ts';

function draw(seed: number, count: number, promotedShare = 0.2): Customer[] {
  const random = new Prng(seed);
  return Array.from({ length: count }, () => drawCustomer(random.fork(), { promotedShare }));
}

const share = (customers: readonly Customer[], is: (customer: Customer) => boolean) =>
  customers.filter(is).length / customers.length;

describe('customers', () => {
  test('are the same for the same seed', () => {
    expect(draw(4, 50)).toEqual(draw(4, 50));
    expect(draw(4, 50)).not.toEqual(draw(5, 50));
  });

  test('behave as a shop knows them', () => {
    const customers = draw(1, 4000);
    expect(share(customers, (c) => c.leavesBefore !== undefined)).toBeCloseTo(0.25, 1);
    expect(share(customers, (c) => c.bank[0] !== 'approved')).toBeCloseTo(0.05, 1);
    expect(share(customers, (c) => c.region === 'us')).toBeCloseTo(0.3, 1);
    expect(share(customers, (c) => c.channel === 'app')).toBeCloseTo(0.32, 1);
    expect(share(customers, (c) => c.bank[0] === 'fraud_suspected')).toBeLessThan(0.02);
  });

  test('know where they live and what they want', () => {
    for (const customer of draw(2, 500)) {
      expect(readAddress(customer.address, customer.region)).toHaveProperty('address');
      for (const [slug, quantity] of customer.items) {
        expect(findProduct(slug)).toBeDefined();
        expect(quantity).toBeGreaterThan(0);
      }
      expect(customer.thinkMs.every((ms) => ms > 0)).toBe(true);
    }
  });

  test('come for the promoted article when there is a promotion', () => {
    const wants = (customer: Customer) => customer.items.some(([slug]) => slug === PROMOTED);
    expect(share(draw(3, 2000, 0.9), wants)).toBeGreaterThan(0.85);
    expect(share(draw(3, 2000, 0), wants)).toBeLessThan(0.4);
  });

  test('pay in such shares that nordbank down fails more than a fifth of all attempts', () => {
    const customers = draw(8, 4000).filter((c) => c.leavesBefore === undefined || c.leavesBefore === 'confirm');
    const nordbank = customers.filter((c, i) => providerFor(c.method, `key-${i * 7919}`) === 'nordbank').length / 4000;
    expect(nordbank).toBeGreaterThan(0.22);
    expect(nordbank).toBeLessThan(0.45);
  });

  test('bots are nearly always refused, and never by a defect', () => {
    const random = new Prng(6);
    const bots = Array.from({ length: 1000 }, () => drawBot(random));
    expect(share(bots, (bot) => bot.bank[0] === 'approved')).toBeLessThan(0.05);
    expect(bots.every((bot) => bot.retries === 0 && bot.items.length === 1)).toBe(true);
  });
});

describe('providerFor', () => {
  test('always sends the same payment the same way', () => {
    for (let i = 0; i < 100; i++) expect(providerFor('visa', `k${i}`)).toBe(providerFor('visa', `k${i}`));
  });

  test('uses every provider', () => {
    const used = new Set(draw(1, 200).map((customer, i) => providerFor(customer.method, `order-${i}-x`)));
    expect([...used].sort()).toEqual([...PROVIDERS].sort());
  });
});

describe('rhythmAt', () => {
  const HOUR = 3_600_000;

  test('is busier in the evening than at night', () => {
    expect(rhythmAt(20 * HOUR)).toBeGreaterThan(2 * rhythmAt(3 * HOUR));
  });

  test('is one on average, has no jumps, and begins anew every day', () => {
    let sum = 0;
    for (let minute = 0; minute < 1440; minute++) {
      const now = rhythmAt(minute * 60_000);
      expect(Math.abs(now - rhythmAt((minute + 1) * 60_000))).toBeLessThan(0.01);
      expect(rhythmAt(minute * 60_000 + 86_400_000)).toBeCloseTo(now, 9);
      sum += now;
    }
    expect(sum / 1440).toBeCloseTo(1, 2);
  });
});
