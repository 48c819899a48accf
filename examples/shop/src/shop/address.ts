import type { Region } from '../domain/journey.ts';

/** Where an order goes. */
export interface Address {
  readonly recipient: string;
  readonly street: string;
  readonly postcode: string;
  readonly city: string;
  readonly country: string;
}

export type AddressField = keyof Address;

interface Country {
  readonly code: string;
  readonly name: string;
  readonly postcode: RegExp;
}

/** Where the shop delivers, by region, and what a postcode looks like there. */
export const COUNTRIES: Readonly<Record<Region, readonly Country[]>> = {
  eu: [
    { code: 'DE', name: 'Germany', postcode: /^\d{5}$/ },
    { code: 'AT', name: 'Austria', postcode: /^\d{4}$/ },
    { code: 'FR', name: 'France', postcode: /^\d{5}$/ },
    { code: 'NL', name: 'Netherlands', postcode: /^\d{4} ?[A-Z]{2}$/i },
  ],
  uk: [{ code: 'GB', name: 'United Kingdom', postcode: /^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$/i }],
  us: [{ code: 'US', name: 'United States', postcode: /^\d{5}(-\d{4})?$/ }],
};

const FIELDS: readonly (readonly [field: AddressField, missing: string])[] = [
  ['recipient', 'Please tell us who the parcel is for.'],
  ['street', 'Please enter street and number.'],
  ['postcode', 'Please enter the postcode.'],
  ['city', 'Please enter the town.'],
  ['country', 'Please choose a country.'],
];

const MAX_LENGTH = 120;

/** Reads what a customer typed; what is wrong with it, by field, for the customer to mend. */
export function readAddress(
  body: unknown,
  region: Region,
): { readonly address: Address } | { readonly mistakes: Partial<Record<AddressField, string>> } {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const mistakes: Partial<Record<AddressField, string>> = {};
  const text = (field: AddressField) => {
    const value = given[field];
    return typeof value === 'string' ? value.trim() : '';
  };
  for (const [field, missing] of FIELDS) {
    if (text(field) === '') mistakes[field] = missing;
    else if (text(field).length > MAX_LENGTH) mistakes[field] = 'That is too long for a label.';
  }
  const country = COUNTRIES[region].find(({ code }) => code === text('country'));
  if (mistakes.country === undefined && country === undefined) {
    mistakes.country = 'We do not deliver there from this shop.';
  }
  if (mistakes.postcode === undefined && country?.postcode.test(text('postcode')) === false) {
    mistakes.postcode = `That is not a postcode in ${country.name}.`;
  }
  if (Object.keys(mistakes).length > 0) return { mistakes };
  return {
    address: {
      recipient: text('recipient'),
      street: text('street'),
      postcode: text('postcode'),
      city: text('city'),
      country: text('country'),
    },
  };
}
