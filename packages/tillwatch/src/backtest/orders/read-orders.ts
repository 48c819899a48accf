import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { InputError } from '../input-error.ts';
import { type CsvRow, csvRows } from './csv-rows.ts';
import { classifyFailure } from './failure-class.ts';
import { jsonObjects } from './json-objects.ts';
import type { Order, OrderOutcome } from './order.ts';
import { findColumns, type OrderColumns, type OrderField } from './order-columns.ts';
import { outcomeOf, readAmount, readCurrency, statusHint, TimeReader } from './order-fields.ts';
import { stripeOrder } from './stripe-order.ts';

/** How a file of orders is read. */
export interface OrderFileOptions {
  /** Columns by hand: field to the column's name. */
  readonly columns?: ReadonlyMap<OrderField, string> | undefined;
  /** What words in the column of the status mean, by `statusWord`. */
  readonly statuses?: ReadonlyMap<string, OrderOutcome> | undefined;
  /** The IANA name of the zone of times that name none. Default UTC. */
  readonly timezone?: string | undefined;
  /** Called from time to time with how much of the file was read, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What there is to know about a file beside its orders; whole once all orders were taken. */
export interface OrderFileFacts {
  orders: number;
  /** Rows that belong to the order above them, such as further articles. */
  sameOrder: number;
  /** Objects of a JSON file that are no payments. */
  others: number;
  /** How many orders had no end yet. */
  pending: number;
  hasStatus: boolean;
  hasReasons: boolean;
  hasAmounts: boolean;
  readonly currencies: Set<string>;
}

const MOST_ORDERS = 50_000_000;

/** Is this file JSON, going by its name? */
function isJsonFile(file: string): boolean {
  return /\.(json|jsonl|ndjson)$/i.test(file);
}

/**
 * Reads orders or payments from a CSV file (any shop's, or Stripe's export of payments) or from JSON (Stripe's charges or
 * payment intents), in the order of the file. `facts` is filled on the way.
 * @throws {InputError} at the first row that makes no sense
 */
export async function* readOrders(
  file: string,
  facts: OrderFileFacts,
  options: OrderFileOptions = {},
): AsyncGenerator<Order> {
  const chunks = await textOf(file, options);
  const orders = isJsonFile(file) ? jsonOrders(chunks, file, facts) : csvOrders(chunks, file, facts, options);
  for await (const order of orders) {
    if (++facts.orders > MOST_ORDERS) {
      throw new InputError({ file }, `more than ${MOST_ORDERS} orders`, 'export a shorter time');
    }
    if (order.outcome === 'pending') facts.pending++;
    if (order.currency !== '') facts.currencies.add(order.currency);
    yield order;
  }
}

/** Facts about nothing yet. */
export function noFacts(): OrderFileFacts {
  return {
    orders: 0,
    sameOrder: 0,
    others: 0,
    pending: 0,
    hasStatus: false,
    hasReasons: false,
    hasAmounts: false,
    currencies: new Set(),
  };
}

async function* jsonOrders(chunks: AsyncIterable<string>, file: string, facts: OrderFileFacts): AsyncGenerator<Order> {
  facts.hasStatus = true;
  facts.hasReasons = true;
  facts.hasAmounts = true;
  for await (const object of jsonObjects(chunks, file)) {
    const order = stripeOrder(object, file);
    if (order === undefined) facts.others++;
    else yield order;
  }
  if (facts.orders === 0) {
    throw new InputError(
      { file },
      "no payments in it; expected charges or payment intents as Stripe's API gives them",
      'orders of other kinds go in as CSV',
    );
  }
}

async function* csvOrders(
  chunks: AsyncIterable<string>,
  file: string,
  facts: OrderFileFacts,
  options: OrderFileOptions,
): AsyncGenerator<Order> {
  let reader: RowReader | undefined;
  let previousId = '';
  for await (const row of csvRows(chunks, file)) {
    if (reader === undefined) {
      const columns = findColumns(row.fields, options.columns ?? new Map(), { file, line: row.line });
      reader = new RowReader(file, row.fields, columns, options);
      facts.hasStatus = columns.has('status');
      facts.hasReasons = columns.has('reason');
      facts.hasAmounts = columns.has('amount');
      continue;
    }
    const id = reader.id(row);
    if (id !== '' && id === previousId) {
      facts.sameOrder++;
      continue;
    }
    previousId = id;
    yield reader.read(row);
  }
  if (reader === undefined) throw new InputError({ file }, 'the file is empty', 'its first row must name the columns');
  if (facts.orders === 0) throw new InputError({ file }, 'there is no row below the names of the columns');
}

/** Reads the rows of one file. */
class RowReader {
  readonly #file: string;
  readonly #columns: OrderColumns;
  readonly #header: readonly string[];
  readonly #times: TimeReader;
  readonly #statuses: ReadonlyMap<string, OrderOutcome>;
  /** Stripe's export of payments does not say that it is Stripe's, but for its columns. */
  readonly #isStripe: boolean;

  constructor(file: string, header: readonly string[], columns: OrderColumns, options: OrderFileOptions) {
    this.#file = file;
    this.#columns = columns;
    this.#header = header;
    this.#statuses = options.statuses ?? new Map();
    const names = new Set(header.map((name) => name.trim().toLowerCase()));
    this.#isStripe = names.has('seller message') || names.has('paymentintent id');
    const time = header[columns.get('time')!]!;
    this.#times = new TimeReader(/\bUTC\b/i.test(time) ? 'UTC' : (options.timezone ?? 'UTC'));
  }

  id(row: CsvRow): string {
    return this.#field(row, 'id');
  }

  /** @throws {InputError} */
  read(row: CsvRow): Order {
    if (row.fields.length > this.#header.length && row.fields.slice(this.#header.length).some((text) => text !== '')) {
      throw this.#error(
        row,
        `${row.fields.length} fields in a table of ${this.#header.length} columns`,
        'a field that holds the separator must stand in double quotes',
      );
    }
    const outcome = this.#outcome(row);
    return {
      atMs: this.#time(row),
      outcome,
      failure: outcome === 'failure' ? this.#failure(row) : undefined,
      amount: this.#amount(row),
      currency: this.#currency(row),
      provider: this.#field(row, 'provider') || (this.#isStripe ? 'stripe' : ''),
      method: this.#field(row, 'method'),
      channel: this.#field(row, 'channel'),
      region: this.#field(row, 'region'),
    };
  }

  #time(row: CsvRow): number {
    const given = this.#field(row, 'time');
    const atMs = this.#times.read(given);
    if (atMs !== undefined) return atMs;
    throw this.#error(
      row,
      `${JSON.stringify(given)} is not a time`,
      'write 2026-11-27 20:15:00, with Z or +01:00 behind it where it is not in the zone of --timezone, or seconds since the epoch',
    );
  }

  #outcome(row: CsvRow): OrderOutcome {
    if (!this.#columns.has('status')) return 'success';
    const given = this.#field(row, 'status');
    if (given === '') return 'pending';
    const outcome = outcomeOf(given, this.#statuses);
    if (outcome !== undefined) return outcome;
    throw this.#error(row, `${JSON.stringify(given)} is not a status that is known`, statusHint(given));
  }

  #failure(row: CsvRow): Order['failure'] {
    const status = this.#field(row, 'status');
    if (/requires[_ ]action/i.test(status)) return classifyFailure(status);
    // Most payments that fail are declined cards. Where nobody says why, none of them may look like an outage.
    if (!this.#columns.has('reason')) return { class: 'customer', reason: 'unknown' };
    return classifyFailure(this.#field(row, 'reason'));
  }

  #amount(row: CsvRow): number | undefined {
    const given = this.#field(row, 'amount');
    if (given === '') return undefined;
    const amount = readAmount(given);
    if (amount !== undefined) return amount;
    throw this.#error(row, `${JSON.stringify(given)} is not an amount`, 'write 59.90 or 59,90');
  }

  #currency(row: CsvRow): string {
    if (!this.#columns.has('currency')) return '';
    const given = this.#field(row, 'currency');
    const currency = readCurrency(given);
    if (currency !== undefined) return currency;
    if (given === '' && this.#field(row, 'amount') === '') return '';
    throw this.#error(
      row,
      given === ''
        ? 'an amount without its currency among others that have one'
        : `${JSON.stringify(given)} is not a currency`,
      'write the ISO 4217 code, such as EUR',
    );
  }

  #field(row: CsvRow, field: OrderField): string {
    const index = this.#columns.get(field);
    return index === undefined ? '' : (row.fields[index]?.trim() ?? '');
  }

  #error({ line }: CsvRow, what: string, hint: string): InputError {
    return new InputError({ file: this.#file, line }, what, hint);
  }
}

/** The text of a file as it is read. */
async function textOf(file: string, { onProgress, signal }: OrderFileOptions): Promise<AsyncIterable<string>> {
  let size: number;
  try {
    const facts = await stat(file);
    if (!facts.isFile()) throw new InputError({ file }, 'this is no file');
    size = facts.size;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new InputError({ file }, why);
  }
  const stream = createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20, signal });
  return (async function* read() {
    for await (const chunk of stream) {
      yield chunk as string;
      onProgress?.(size === 0 ? 1 : stream.bytesRead / size);
    }
  })();
}
