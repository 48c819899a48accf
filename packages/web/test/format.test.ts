import { expect, test } from 'vitest';
import { createFormats, formatAge, formatDelta } from '../src/words/format.ts';
import { wordsFor } from '../src/words/words.ts';

const german = createFormats({ language: 'de', currency: 'EUR', timezone: 'Europe/Berlin' });
const english = createFormats({ language: 'en', currency: 'USD', timezone: 'UTC' });
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, ' ');

test('figures are written in the language, currency and zone of the shop', () => {
  expect(plain(german.percent(0.9312))).toBe('93,1 %');
  expect(plain(german.money(1234.5))).toBe('1.235 €');
  expect(english.money(12.5)).toBe('$12.50');
  expect(plain(german.moneyIn('CHF', 1234.5))).toBe('1.235 CHF');
  expect(english.moneyIn('bitcoins', 1234.5)).toBe('1,235 bitcoins');
  expect(german.time(Date.UTC(2026, 0, 1, 12))).toBe('13:00:00');
  expect(german.tick(Date.UTC(2026, 0, 1, 23, 0, 30), 30_000)).toBe('00:00:30');
  expect(german.tick(Date.UTC(2026, 0, 1, 23), 3_600_000)).toBe('00:00');
  expect(german.tick(Date.UTC(2026, 0, 1, 23), 86_400_000)).toBe('2. Jan.');
  expect(english.seconds(0.25)).toBe('250 ms');
  expect(english.percent(null)).toBe('–');
});

test.for([
  [0, '0 s'],
  [59_400, '59 s'],
  [3_600_000, '1 h'],
  [7_800_000, '2 h 10 min'],
  [90_000_000, '1 d 1 h'],
] as const)('%d ms is %s', ([ms, text]) => {
  expect(formatAge(ms)).toBe(text);
});

test.for([
  [0.94, 0.98, 'share', '-4 pp'],
  [11, 10, 'ratio', '+10 %'],
  [10, 10, 'ratio', '±0'],
  [1, 0, 'ratio', ''],
  [null, 1, 'ratio', ''],
] as const)('from %d to %d', ([now, before, kind, text]) => {
  expect(formatDelta(now, before, kind, 'en')).toBe(text);
});

test('a language without words of its own reads English', () => {
  expect(wordsFor('de-AT').alerts).toBe('Alarme');
  expect(wordsFor('fr').alerts).toBe('Alerts');
});
