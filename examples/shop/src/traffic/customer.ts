import { CATALOGUE, PROMOTED } from '../domain/catalogue.ts';
import type { Channel, Method, Region, Step } from '../domain/journey.ts';
import type { Prng } from '../domain/prng.ts';
import type { BankAnswer } from '../providers/payment-provider.ts';
import type { Address } from '../shop/address.ts';

/** One person with a cart in mind. Everything about them is drawn before they enter, so a seed decides who comes. */
export interface Customer {
  readonly channel: Channel;
  readonly region: Region;
  readonly items: readonly (readonly [slug: string, quantity: number])[];
  readonly method: Method;
  readonly address: Address;
  /** What the bank says to each try; the last answer stands for all further ones. */
  readonly bank: readonly BankAnswer[];
  /** Whether they look around before they buy. */
  readonly browses: boolean;
  /** The step in front of which they lose interest. */
  readonly leavesBefore: Step | undefined;
  /** Closes the page for all to see, instead of just never coming back. */
  readonly saysGoodbye: boolean;
  /** How often they try again after something went wrong. */
  readonly retries: number;
  /** Between two steps; one per step. */
  readonly thinkMs: readonly number[];
  /** How long they look at a page that does nothing. */
  readonly patienceMs: number;
}

/** What is going on outside the shop. */
export interface Mood {
  /** Share of the customers who come for the promoted article. */
  readonly promotedShare: number;
}

const REGION_SHARES = [
  ['eu', 50],
  ['us', 30],
  ['uk', 20],
] as const;
const CHANNEL_SHARES = [
  ['web', 68],
  ['app', 32],
] as const;
const METHOD_SHARES = [
  ['visa', 36],
  ['mastercard', 24],
  ['wallet', 24],
  ['invoice', 16],
] as const;

/** A quarter of all who begin a checkout do not finish it, most of them early. */
const LEAVING = [
  [undefined, 750],
  ['address', 105],
  ['shipping', 70],
  ['payment', 55],
  ['confirm', 20],
] as const;

/** What the bank says to the first try: one in twenty-five payments is declined, and that is nobody's fault. */
const BANK = [
  ['approved', 950],
  ['card_declined', 20],
  ['insufficient_funds', 12],
  ['expired_card', 6],
  ['authentication_required', 7],
  ['fraud_suspected', 5],
] as const;

const NAMES = [
  'Mira Anders',
  'Jonas Wirth',
  'Lea Baumann',
  'Tom Hale',
  'Priya Nair',
  'Ada Novak',
  'Ines Costa',
  'Sam Oduya',
];
const PLACES: Readonly<Record<Region, readonly Address[]>> = {
  eu: [
    place('Lindenweg 4', '87561', 'Oberstdorf', 'DE'),
    place('Museumstraße 11', '6020', 'Innsbruck', 'AT'),
    place('12 rue des Alpes', '74000', 'Annecy', 'FR'),
    place('Singel 98', '1015 AB', 'Amsterdam', 'NL'),
  ],
  uk: [place('7 Harbour Row', 'EH6 6QQ', 'Edinburgh', 'GB'), place('22 Mill Lane', 'LS1 4DY', 'Leeds', 'GB')],
  us: [place('310 Juniper St', '80302', 'Boulder', 'US'), place('48 Alder Ave', '97205', 'Portland', 'US')],
};

function place(street: string, postcode: string, city: string, country: string): Address {
  return { recipient: '', street, postcode, city, country };
}

/** Draws the next customer. */
export function drawCustomer(random: Prng, mood: Mood): Customer {
  const region = random.weighted(REGION_SHARES);
  const first = random.weighted(BANK);
  return {
    region,
    channel: random.weighted(CHANNEL_SHARES),
    items: drawItems(random, mood),
    method: random.weighted(METHOD_SHARES),
    address: { ...random.pick(PLACES[region]), recipient: random.pick(NAMES) },
    bank: [first, first === 'fraud_suspected' ? 'fraud_suspected' : 'approved'],
    browses: random.chance(0.3),
    leavesBefore: random.weighted<Step | undefined>(LEAVING),
    saysGoodbye: random.chance(0.7),
    retries: random.weighted([
      [0, 55],
      [1, 30],
      [2, 15],
    ]),
    thinkMs: Array.from({ length: 5 }, () => random.aroundMedian(1100, 0.6)),
    patienceMs: random.aroundMedian(9000, 0.3),
  };
}

function drawItems(random: Prng, mood: Mood): Customer['items'] {
  const items = new Map<string, number>();
  if (random.chance(mood.promotedShare)) items.set(PROMOTED, 1 + random.below(2));
  const kinds = random.weighted([
    [1, 60],
    [2, 28],
    [3, 12],
  ]);
  while (items.size < kinds) items.set(drawSlug(random), 1 + (random.chance(0.2) ? 1 : 0));
  return [...items];
}

/** Coffee sells three times as well as equipment. */
function drawSlug(random: Prng): string {
  return random.weighted(CATALOGUE.map(({ slug, picture }) => [slug, picture.kind === 'bag' ? 3 : 1] as const));
}

/** Draws a bot that tries stolen cards: the cheapest cart, no looking around, and almost always the wrong card. */
export function drawBot(random: Prng): Customer {
  return {
    region: 'us',
    channel: 'web',
    items: [['gipfel', 1]],
    method: 'visa',
    address: { ...place('1 Nowhere Rd', '10001', 'New York', 'US'), recipient: 'A A' },
    bank: [
      random.weighted([
        ['card_declined', 78],
        ['insufficient_funds', 6],
        ['expired_card', 5],
        ['fraud_suspected', 9],
        ['approved', 2],
      ]),
    ],
    browses: false,
    leavesBefore: undefined,
    saysGoodbye: false,
    retries: 0,
    thinkMs: [30, 30, 30, 30, 30],
    patienceMs: 5000,
  };
}
