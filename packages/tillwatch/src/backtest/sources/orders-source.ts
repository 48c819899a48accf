import { InputError } from '../input-error.ts';
import { OrderCounters } from '../orders/order-counters.ts';
import { noFacts, type OrderFileFacts, type OrderFileOptions, readOrders } from '../orders/read-orders.ts';
import { SampleSpool } from '../spool/sample-spool.ts';
import type { BacktestSource, ReadOptions } from './source.ts';

/** How orders become the past of a shop. */
export interface OrdersSourceOptions extends ReadOptions, Omit<OrderFileOptions, 'onProgress' | 'signal'> {
  readonly intervalMs: number;
  readonly job: string;
  /** The currency of amounts that name none. */
  readonly currency: string;
  /** Orders before and after are left out. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Longer than this is rather a mistaken date than a past that anybody wants to replay by the second. */
const LONGEST_MS = 800 * 86_400_000;
const DAY_MS = 86_400_000;

/**
 * A shop's past from a file of its orders or payments: what its counters would have shown.
 * @throws {InputError} at the first row that makes no sense, and when no order lies in the time asked for
 */
export async function ordersSource(file: string, options: OrdersSourceOptions): Promise<BacktestSource> {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = options;
  const facts = noFacts();
  const counters = new OrderCounters(options);
  let first: number | undefined;
  let last: number | undefined;
  const onProgress = (share: number) => options.onProgress?.({ share: 0.9 * share, samples: facts.orders });
  for await (const order of readOrders(file, facts, { ...options, onProgress })) {
    if (order.atMs < fromMs || order.atMs > toMs) continue;
    first = Math.min(first ?? order.atMs, order.atMs);
    last = Math.max(last ?? order.atMs, order.atMs);
    counters.add(order);
  }
  if (first === undefined || last === undefined) {
    throw new InputError({ file }, `none of its ${facts.orders} orders lies between --from and --to`);
  }
  if (last - first > LONGEST_MS) {
    throw new InputError(
      { file },
      `its orders lie ${Math.round((last - first) / DAY_MS)} days apart, from ${new Date(first).toISOString()} to ${new Date(last).toISOString()}`,
      'take a part of them with --from and --to',
    );
  }
  const spool = new SampleSpool();
  try {
    counters.write(spool);
  } catch (error) {
    spool.close();
    throw error;
  }
  options.onProgress?.({ share: 1, samples: spool.sampleCount });
  return {
    name: file,
    queryable: spool,
    firstMs: spool.firstMs ?? first,
    lastMs: spool.lastMs ?? last,
    currency: facts.currencies.size === 1 ? [...facts.currencies][0] : undefined,
    notes: notesOf(facts, options),
    close: async () => spool.close(),
  };
}

function notesOf(facts: OrderFileFacts, { currency }: OrdersSourceOptions): string[] {
  const notes: string[] = [];
  const note = (isSo: boolean, text: string) => {
    if (isSo) notes.push(text);
  };
  note(
    !facts.hasStatus,
    'No column says how an order ended: all count as successful, and only missing orders can be seen.',
  );
  note(
    facts.hasStatus && !facts.hasReasons,
    'No column says why payments failed: all count as declined cards, which page nobody. Name one with --columns reason="…".',
  );
  note(
    !facts.hasAmounts,
    'No column says what an order was worth: no money is counted. Name one with --columns amount="…".',
  );
  note(
    facts.hasAmounts && facts.currencies.size === 0,
    `No column names a currency: amounts are taken to be ${currency}.`,
  );
  note(facts.currencies.size > 1, `Amounts are in ${[...facts.currencies].sort().join(', ')}.`);
  note(facts.pending > 0, `${facts.pending} of ${facts.orders} orders had no end yet: they count as attempts only.`);
  note(facts.sameOrder > 0, `${facts.sameOrder} rows belong to the order above them and were passed over.`);
  note(facts.others > 0, `${facts.others} objects are no payments and were passed over.`);
  return notes;
}
