import { expect, test } from 'vitest';
import { readAddress } from '../src/shop/address.ts';

const good = { recipient: 'Mira', street: 'Lindenweg 4', postcode: '87561', city: 'Oberstdorf', country: 'DE' };

test('takes a good address and trims it', () => {
  expect(readAddress({ ...good, city: '  Oberstdorf ' }, 'eu')).toEqual({ address: good });
});

test.for([
  ['a missing name', { ...good, recipient: ' ' }, 'eu', ['recipient']],
  ['everything missing', undefined, 'eu', ['city', 'country', 'postcode', 'recipient', 'street']],
  ['a list', [], 'eu', ['city', 'country', 'postcode', 'recipient', 'street']],
  ['a postcode of another country', { ...good, country: 'AT' }, 'eu', ['postcode']],
  ['a country of another region', good, 'us', ['country']],
  ['a number for a text', { ...good, city: 7 }, 'eu', ['city']],
  ['an endless street', { ...good, street: 'x'.repeat(121) }, 'eu', ['street']],
] as const)('says which fields are wrong: %s', ([, body, region, fields]) => {
  const read = readAddress(body, region);
  expect('mistakes' in read && Object.keys(read.mistakes).sort()).toEqual(fields);
});
