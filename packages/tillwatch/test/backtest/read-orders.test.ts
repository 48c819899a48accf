import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classifyFailure } from '../../src/backtest/orders/failure-class.ts';
import type { Order } from '../../src/backtest/orders/order.ts';
import { outcomeOf, readAmount, TimeReader } from '../../src/backtest/orders/order-fields.ts';
import { noFacts, type OrderFileOptions, readOrders } from '../../src/backtest/orders/read-orders.ts';

let dir: string;
let files = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-orders-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

async function read(text: string, options: OrderFileOptions = {}, ending = 'csv') {
  const file = join(dir, `orders-${files++}.${ending}`);
  await writeFile(file, text);
  const facts = noFacts();
  const orders: Order[] = [];
  try {
    for await (const order of readOrders(file, facts, options)) orders.push(order);
  } catch (error) {
    throw new Error((error as Error).message.replaceAll(`${dir}/`, '').replace(/orders-\d+/, 'orders'));
  }
  return { orders, facts };
}

const line = ({ atMs, outcome, failure, amount, currency, provider, method }: Order) =>
  [
    new Date(atMs).toISOString(),
    outcome,
    failure && `${failure.class}:${failure.reason}`,
    amount,
    currency,
    provider,
    method,
  ]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');

describe('CSV', () => {
  test.for<[string, string, OrderFileOptions, string[]]>([
    [
      "Stripe's export of payments",
      'id,Description,Seller Message,Created date (UTC),Amount,Amount Refunded,Currency,Status,Payment Source Type\n' +
        'ch_3,,The bank declined this.,2026-06-05 20:38:34,"1,234.50",0.00,eur,Failed,card\n' +
        'ch_2,"Two, ""big"" ones",Payment complete.,2026-06-05 20:38:33,59.90,59.90,eur,Refunded,card\n' +
        'ch_1,,Stripe blocked this payment as too risky.,2026-06-05 20:38:32,5,0.00,usd,Failed,card\n',
      {},
      [
        '2026-06-05T20:38:34.000Z failure customer:the_bank_declined_this 1234.5 EUR stripe card',
        '2026-06-05T20:38:33.000Z success 59.9 EUR stripe card',
        '2026-06-05T20:38:32.000Z failure fraud:stripe_blocked_this_payment_as_too_risky 5 USD stripe card',
      ],
    ],
    [
      'the export of a shop, with further articles of an order, semicolons, comma cents and Windows line ends',
      'Name;Financial Status;Total;Currency;Created at;Payment Method\r\n' +
        '#1;paid;59,90;EUR;2026-01-15 10:30:00 -0500;Mollie\r\n' +
        '#1;;;;2026-01-15 10:30:00 -0500;\r\n' +
        '#2;pending;10,00;EUR;2026-01-15 10:31:00 -0500;Mollie\r\n',
      {},
      ['2026-01-15T15:30:00.000Z success 59.9 EUR Mollie', '2026-01-15T15:31:00.000Z pending 10 EUR Mollie'],
    ],
    [
      'columns, words and a zone that are said by hand',
      'when|how|what\n2026-07-01 12:00:00|gut|1\n2026-07-01 12:00:05|mist|2\n',
      {
        columns: new Map([
          ['time', 'When'],
          ['status', 'how'],
          ['amount', 'what'],
        ]),
        statuses: new Map([
          ['gut', 'success'],
          ['mist', 'failure'],
        ]),
        timezone: 'Europe/Berlin',
      },
      ['2026-07-01T10:00:00.000Z success 1', '2026-07-01T10:00:05.000Z failure customer:unknown 2'],
    ],
    [
      'orders without more',
      '\ufefforder,created\n1,1750000000\n2,1750000001000\n',
      {},
      ['2025-06-15T15:06:40.000Z success', '2025-06-15T15:06:41.000Z success'],
    ],
    [
      'codes of failures',
      'time,status,failure code\n1750000000,failed,insufficient_funds\n1750000001,failed,processing_error\n1750000002,requires_action,\n1750000003,canceled,\n1750000004,failed,\n',
      {},
      [
        '2025-06-15T15:06:40.000Z failure customer:insufficient_funds',
        '2025-06-15T15:06:41.000Z failure technical:processing_error',
        '2025-06-15T15:06:42.000Z failure action_required:requires_action',
        '2025-06-15T15:06:43.000Z abandoned',
        '2025-06-15T15:06:44.000Z failure technical:unknown',
      ],
    ],
  ])('reads %s', async ([, text, options, lines]) => {
    expect((await read(text, options)).orders.map(line)).toEqual(lines);
  });

  test('what is missing is known', async () => {
    const shop = await read(
      'order,created,status,total\n1,1750000000,paid,5\n1,1750000000,paid,5\n2,1750000000,on hold,5\n',
    );
    expect(shop.facts).toMatchObject({ orders: 2, sameOrder: 1, pending: 1, hasStatus: true, hasReasons: false });
    expect([...shop.facts.currencies]).toEqual([]);
  });

  test.for<[string, string, string]>([
    [
      'no time',
      'order,total\n1,2\n',
      'orders.csv:1: no column says when an order was placed; there are: "order", "total"',
    ],
    ['a date alone', 'created,total\n2026-01-01 10:00,1\n2026-01-02,2\n', 'orders.csv:3: "2026-01-02" is not a time'],
    [
      'an order of day and month that is a guess',
      'created\n03/04/2026 10:00\n',
      'orders.csv:2: "03/04/2026 10:00" is not a time',
    ],
    ['a day that is none', 'created\n2026-02-30 10:00\n', 'orders.csv:2: "2026-02-30 10:00" is not a time'],
    [
      'a status',
      'created,status\n1750000000,payd\n',
      'orders.csv:2: "payd" is not a status that is known\n  = did you mean "paid"? Otherwise say what it is: --status "payd=success" (or failure, abandoned, pending)',
    ],
    ['an amount', 'created,total\n1750000000,many\n', 'orders.csv:2: "many" is not an amount'],
    ['a currency', 'created,total,currency\n1750000000,5,Euro\n', 'orders.csv:2: "Euro" is not a currency'],
    [
      'an amount of no currency among others',
      'created,total,currency\n1750000000,5,EUR\n1750000001,5,\n',
      'orders.csv:3: an amount without its currency among others that have one',
    ],
    [
      'a separator in a field',
      'created,name\n1750000000,"a\nb"\n1750000000,a,b\n',
      'orders.csv:4: 3 fields in a table of 2 columns',
    ],
    ['a quote', 'created,name\n1750000000,"a\n1750000000,b\n', 'orders.csv:2: a quote in this row is never closed'],
    ['nothing', '', 'orders.csv: the file is empty'],
    ['a header alone', 'created\n', 'orders.csv: there is no row below the names of the columns'],
  ])('says where %s makes no sense', async ([, text, message]) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe("Stripe's JSON", () => {
  const charge = (more: object) => ({ object: 'charge', amount: 5990, currency: 'eur', created: 1750000000, ...more });
  const charges = [
    charge({ status: 'succeeded', payment_method_details: { type: 'card' }, refunds: { object: 'list', data: [{}] } }),
    charge({
      status: 'failed',
      failure_code: 'card_declined',
      outcome: { type: 'issuer_declined', reason: 'do_not_honor' },
    }),
    charge({
      status: 'failed',
      failure_code: 'card_declined',
      outcome: { type: 'issuer_declined', reason: 'processing_error' },
    }),
    charge({
      status: 'failed',
      failure_code: 'card_declined',
      outcome: { type: 'blocked', reason: 'highest_risk_level' },
    }),
    charge({ status: 'pending', amount: 500, currency: 'jpy', description: 'a "}" and a ]' }),
    { object: 'refund', id: 're_1' },
    { object: 'payment_intent', status: 'requires_payment_method', amount: 1, currency: 'eur', created: 1750000000 },
    {
      object: 'payment_intent',
      status: 'requires_payment_method',
      amount: 1500,
      currency: 'kwd',
      created: 1750000000,
      last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
    },
  ];
  const lines = [
    'success 59.9 EUR stripe card',
    'failure customer:do_not_honor 59.9 EUR stripe',
    'failure technical:processing_error 59.9 EUR stripe',
    'failure fraud:blocked_highest_risk_level 59.9 EUR stripe',
    'pending 500 JPY stripe',
    'failure customer:insufficient_funds 1.5 KWD stripe',
  ].map((text) => `2025-06-15T15:06:40.000Z ${text}`);

  test.for<[string, string]>([
    [
      'the answer of the API',
      JSON.stringify({ object: 'list', url: '/v1/charges', data: charges, has_more: false }, null, 2),
    ],
    ['an array', JSON.stringify(charges)],
    ['a line for each', charges.map((one) => JSON.stringify(one)).join('\n')],
    ['one answer after the other', [0, 4].map((at) => JSON.stringify({ data: charges.slice(at, at + 4) })).join('\n')],
  ])('reads %s', async ([, text]) => {
    const { orders, facts } = await read(text, {}, 'json');
    expect(orders.map(line)).toEqual(lines);
    expect(facts).toMatchObject({ others: 2, hasReasons: true, hasAmounts: true });
  });

  test.for<[string, string, string]>([
    ['the middle of a file', '[{"object":"charge"', 'the file ends in the middle'],
    ['brackets', '[}', 'orders.json:1: no JSON: unexpected }'],
    ['an object', '[\n{"a" 1}]', 'orders.json:2: no JSON'],
    [
      'a charge without a time',
      '[\n\n{"object":"charge","status":"failed"}]',
      'orders.json:3: this charge has no time',
    ],
    [
      'a status',
      '{"object":"charge","created":1,"status":"odd"}',
      'orders.json:1: this charge has a status that is not known: "odd"',
    ],
    ['something else', '[{"object":"customer"}]', 'no payments in it'],
  ])('says where %s makes no sense', async ([, text, message]) => {
    await expect(read(text, {}, 'json')).rejects.toThrow(message);
  });
});

test('a file that is not there is named', async () => {
  const taken = async () => {
    for await (const _ of readOrders(join(dir, 'none.csv'), noFacts())) throw new Error('there is none');
  };
  await expect(taken()).rejects.toThrow(/none\.csv: there is no such file/);
});

test.for<[string, number | undefined]>([
  ['59.90', 59.9],
  ['59,90', 59.9],
  ['1,234.50', 1234.5],
  ['1.234,50', 1234.5],
  ['1,234', 1234],
  ['1.234', 1.234],
  ['1 234,5 €', 1234.5],
  ['$5', 5],
  ['CHF 12.-', undefined],
  ['-3', -3],
  ['', undefined],
  ['five', undefined],
])('the amount %j is %j', ([text, amount]) => {
  expect(readAmount(text)).toBe(amount);
});

test.for<[string, string, string | undefined]>([
  ['2026-03-29 01:30:00', 'Europe/Berlin', '2026-03-29T00:30:00.000Z'],
  ['2026-03-29 03:30:00', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ['2026-10-25 03:30:00', 'Europe/Berlin', '2026-10-25T02:30:00.000Z'],
  ['2026-07-01T12:00:00+02:00', 'Asia/Kolkata', '2026-07-01T10:00:00.000Z'],
  ['2026-07-01 12:00', 'Asia/Kolkata', '2026-07-01T06:30:00.000Z'],
  ['2026-07-01 12:00:00.250 UTC', 'Asia/Kolkata', '2026-07-01T12:00:00.250Z'],
  ['2026-13-01 12:00', 'UTC', undefined],
  ['12:00', 'UTC', undefined],
])('the time %j in %s is %s', ([text, zone, iso]) => {
  const ms = new TimeReader(zone).read(text);
  expect(ms === undefined ? undefined : new Date(ms).toISOString()).toBe(iso);
});

test.for([
  ['expired_card', 'customer'],
  ['Insufficient funds.', 'customer'],
  ['card_declined', 'customer'],
  ['The bank did not return any further details with this decline.', 'customer'],
  ['issuer_not_available', 'technical'],
  ['api_connection_error', 'technical'],
  ['Gateway timeout', 'technical'],
  ['', 'technical'],
  ['something nobody knows', 'technical'],
  ['authentication_required', 'action_required'],
  ['stolen_card', 'fraud'],
  ['fraudulent', 'fraud'],
] as const)('%j is %s', ([text, kind]) => {
  expect(classifyFailure(text).class).toBe(kind);
});

test('statuses are known in every spelling', () => {
  const none = new Map();
  const words = [
    'Paid',
    'REQUIRES_PAYMENT_METHOD',
    'Requires Payment Method',
    'on-hold',
    'cancelled',
    'partially_refunded',
  ];
  expect(words.map((word) => outcomeOf(word, none))).toEqual([
    'success',
    'failure',
    'failure',
    'pending',
    'abandoned',
    'success',
  ]);
  expect(outcomeOf('on-hold', new Map([['on hold', 'success']]))).toBe('success');
});
