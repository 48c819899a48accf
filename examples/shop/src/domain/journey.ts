/** The steps of this shop's checkout, in the order in which a customer takes them. */
export const STEPS = ['cart', 'address', 'shipping', 'payment', 'confirm'] as const;

/** One step of the checkout; also the value of the metrics' `step` label. */
export type Step = (typeof STEPS)[number];

/** Where customers come from: the web shop, or the web view inside the app. */
export const CHANNELS = ['web', 'app'] as const;
export type Channel = (typeof CHANNELS)[number];

/** The markets the shop delivers to. All prices are in one currency. */
export const REGIONS = ['eu', 'uk', 'us'] as const;
export type Region = (typeof REGIONS)[number];

/** How a customer can pay. */
export const METHODS = ['visa', 'mastercard', 'wallet', 'invoice'] as const;
export type Method = (typeof METHODS)[number];

/** The fictional companies that move the money. */
export const PROVIDERS = ['acme-pay', 'nordbank', 'walletly'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** ISO 4217 code of every amount in the shop. */
export const CURRENCY = 'EUR';

export const REGION_NAMES: Readonly<Record<Region, string>> = {
  eu: 'European Union',
  uk: 'United Kingdom',
  us: 'United States',
};

export const METHOD_NAMES: Readonly<Record<Method, string>> = {
  visa: 'Visa',
  mastercard: 'Mastercard',
  wallet: 'Walletly',
  invoice: 'Invoice, 14 days',
};

/** Of 100 card payments, so many go to acme-pay and the rest to nordbank, so that neither can take all cards down. */
const ACME_CARDS_PERCENT = 60;

/** Chooses who collects a payment. The same `key` always gives the same provider, so a repeated request cannot pay twice. */
export function providerFor(method: Method, key: string): Provider {
  switch (method) {
    case 'wallet':
      return 'walletly';
    case 'invoice':
      return 'nordbank';
    case 'visa':
    case 'mastercard':
      return percentOf(key) < ACME_CARDS_PERCENT ? 'acme-pay' : 'nordbank';
  }
}

/** A number in 0..99 that depends on nothing but the text. */
function percentOf(key: string): number {
  let sum = 7;
  for (let i = 0; i < key.length; i++) sum = (sum * 33 + key.charCodeAt(i)) % 1_000_003;
  return sum % 100;
}

export function isRegion(value: unknown): value is Region {
  return REGIONS.includes(value as Region);
}

export function isChannel(value: unknown): value is Channel {
  return CHANNELS.includes(value as Channel);
}

export function isMethod(value: unknown): value is Method {
  return METHODS.includes(value as Method);
}
