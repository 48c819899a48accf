/** What should come of a fault: somebody is paged, somebody is merely informed, or nobody hears of it. */
export type Expectation = 'page' | 'inform' | 'none';

/** One way to break (or to surprise) the shop, and what a good watch makes of it. */
export interface Fault {
  readonly name: FaultName;
  /** A few words for a list or a button. */
  readonly title: string;
  /** What happens in the shop, in one or two sentences. */
  readonly what: string;
  /** The labels that a message about it should name; empty when no single part is to blame. */
  readonly labels: Readonly<Record<string, string>>;
  readonly expect: Expectation;
}

export const FAULT_NAMES = [
  'provider-outage',
  'provider-partial',
  'region-outage',
  'bad-release',
  'slow-database',
  'pool-exhausted',
  'stock-errors',
  'broken-page',
  'shop-down',
  'card-testing',
  'promotion',
  'rolling-deploy',
] as const;

/** Names a fault on the command line, over HTTP and in `Shop.setFault`. */
export type FaultName = (typeof FAULT_NAMES)[number];

/** The version that `bad-release` ships; it exists as a label before it ever serves a customer. */
export const BAD_RELEASE = '2.5.0';

/** The version that `rolling-deploy` brings: nothing is wrong with it. */
export const NEXT_RELEASE = '2.3.2';

/** Every fault, in the order in which it is listed. A fire drill judges what it saw by this table. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'provider-outage',
    title: 'Payment provider down',
    what: 'nordbank answers 503, hangs or drops the connection; about two fifths of all payments go through it.',
    labels: { provider: 'nordbank' },
    expect: 'page',
  },
  {
    name: 'provider-partial',
    title: 'Payment provider partly failing',
    what: 'acme-pay fails four calls in ten with a 500 and takes longer over the others.',
    labels: { provider: 'acme-pay' },
    expect: 'page',
  },
  {
    name: 'region-outage',
    title: 'One region cut off',
    what: 'The carrier quotes no shipping rates for the United States; customers elsewhere notice nothing.',
    labels: { region: 'us' },
    expect: 'page',
  },
  {
    name: 'bad-release',
    title: 'Bad release',
    what: `Version ${BAD_RELEASE} serves two fifths of the customers and crashes in the shipping step on every order that fits into one parcel.`,
    labels: { version: BAD_RELEASE },
    expect: 'page',
  },
  {
    name: 'slow-database',
    title: 'Slow database',
    what: 'The disk under the database is slow: reads and transactions take a second and more, and some run into the statement timeout.',
    labels: {},
    expect: 'page',
  },
  {
    name: 'pool-exhausted',
    title: 'Connection pool exhausted',
    what: 'A job takes every database connection and never gives one back; requests wait for a connection and give up.',
    labels: {},
    expect: 'page',
  },
  {
    name: 'stock-errors',
    title: 'Promotion oversold',
    what: 'Twice the traffic, most of it for one article that the catalogue still offers although the stock is gone: the database refuses the order.',
    labels: { step: 'confirm' },
    expect: 'page',
  },
  {
    name: 'broken-page',
    title: 'Broken checkout page',
    what: "The checkout page's script was cut off in a deployment. Pages load, no checkout starts, and the server sees no error at all.",
    labels: {},
    expect: 'page',
  },
  {
    name: 'shop-down',
    title: 'Shop down',
    what: 'The shop stops listening: no pages, no API and no metrics until it is healed.',
    labels: {},
    expect: 'page',
  },
  {
    name: 'card-testing',
    title: 'Card-testing wave',
    what: 'Bots try stolen Visa cards, delivering to the United States, at three times the rate of all customers. Nearly all are declined; customers are served as ever. No technical failure.',
    labels: {},
    expect: 'inform',
  },
  {
    name: 'promotion',
    title: 'Successful promotion',
    what: 'Four and a half times the usual number of customers, all of them served. Nothing is wrong.',
    labels: {},
    expect: 'none',
  },
  {
    name: 'rolling-deploy',
    title: 'Rolling deploy',
    what: `Version ${NEXT_RELEASE} takes over from the one before it, a quarter of the customers at a time, over two minutes; connections are drained at each step. Nothing is wrong.`,
    labels: {},
    expect: 'none',
  },
];

export function isFaultName(value: unknown): value is FaultName {
  return FAULT_NAMES.includes(value as FaultName);
}
