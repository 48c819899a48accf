import { randomUUID } from 'node:crypto';
import type { Database } from '../db/port.ts';
import { type Channel, CURRENCY, type Method, type Provider, type Region } from '../domain/journey.ts';
import type { Address } from './address.ts';
import { type Cart, linesOf } from './cart.ts';

/** An authorised payment that waits for its order. */
export interface Payment {
  readonly idempotencyKey: string;
  readonly provider: Provider;
  readonly method: Method;
  readonly providerReference: string;
  readonly amountCents: number;
}

/** Everything that makes an order. */
export interface NewOrder {
  readonly cart: Cart;
  readonly address: Address;
  readonly region: Region;
  readonly channel: Channel;
  readonly version: string;
  readonly shippingCents: number;
  readonly totalCents: number;
  readonly paymentKey: string;
}

export interface PlacedOrder {
  readonly id: number;
  readonly number: string;
  /** Opens the confirmation page; cannot be guessed. */
  readonly token: string;
}

/** An order as its confirmation page shows it. */
export interface OrderView {
  readonly number: string;
  readonly status: 'placed' | 'paid' | 'cancelled';
  readonly totalCents: number;
  readonly shippingCents: number;
  readonly recipient: string;
  readonly city: string;
  readonly lines: readonly { readonly productId: string; readonly quantity: number; readonly unitPriceCents: number }[];
}

/** An article that is in the cart but not on sale any more. */
export class NotOnSaleError extends Error {
  override readonly name = 'NotOnSaleError';
}

/** Orders, stock and payments as rows. */
export class OrderStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Looks the cart's articles up as the catalogue has them now and gives back what they cost.
   * @throws {NotOnSaleError} when one of them cannot be bought
   */
  async price(cart: Cart): Promise<number> {
    const rows = await this.#database.query<{ id: string; price_cents: number }>(
      'SELECT id, price_cents FROM products WHERE on_sale AND id = ANY($1)',
      [[...cart.keys()]],
    );
    const prices = new Map(rows.map((row) => [row.id, row.price_cents]));
    return [...cart].reduce((sum, [slug, quantity]) => {
      const cents = prices.get(slug);
      if (cents === undefined) throw new NotOnSaleError(`${slug} is not on sale`);
      return sum + cents * quantity;
    }, 0);
  }

  /** Which articles the catalogue offers, cheapest statement first: the pages ask at every view. */
  async offered(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.query<{ id: string }>('SELECT id FROM products WHERE on_sale');
    return new Set(rows.map((row) => row.id));
  }

  async recordPayment(payment: Payment): Promise<void> {
    await this.#database.query(
      `INSERT INTO payments (idempotency_key, provider, method, provider_reference, amount_cents, status)
       VALUES ($1, $2, $3, $4, $5, 'authorised') ON CONFLICT (idempotency_key) DO NOTHING`,
      [payment.idempotencyKey, payment.provider, payment.method, payment.providerReference, payment.amountCents],
    );
  }

  /**
   * Takes the articles from the stock, writes the order and ties the payment to it, all or nothing.
   * @throws {DatabaseError} with the stock's constraint when there is not enough of an article
   */
  async place(order: NewOrder): Promise<PlacedOrder> {
    const token = randomUUID();
    const lines = linesOf(order.cart);
    // Two orders that lock the same rows in different order would wait for each other for ever.
    const slugs = lines.map((line) => line.product.slug).sort();
    const quantities = slugs.map((slug) => order.cart.get(slug) ?? 0);
    return await this.#database.transaction(async (session) => {
      await session.query(
        `UPDATE stock SET on_hand = on_hand - wanted.quantity
         FROM unnest($1::text[], $2::int[]) AS wanted (product_id, quantity)
         WHERE stock.product_id = wanted.product_id`,
        [slugs, quantities],
      );
      const { recipient, street, postcode, city, country } = order.address;
      const [row] = await session.query<{ id: string | number }>(
        `INSERT INTO orders (token, status, region, channel, version, currency, shipping_cents, total_cents,
                             recipient, street, postcode, city, country)
         VALUES ($1, 'placed', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
        [
          token,
          order.region,
          order.channel,
          order.version,
          CURRENCY,
          order.shippingCents,
          order.totalCents,
          recipient,
          street,
          postcode,
          city,
          country,
        ],
      );
      const id = Number(row!.id);
      await session.query(
        `INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents)
         SELECT $1, item.product_id, item.quantity, products.price_cents
         FROM unnest($2::text[], $3::int[]) AS item (product_id, quantity) JOIN products ON products.id = item.product_id`,
        [id, slugs, quantities],
      );
      await session.query('UPDATE payments SET order_id = $1 WHERE idempotency_key = $2', [id, order.paymentKey]);
      return { id, number: orderNumber(id), token };
    });
  }

  /** Marks the order as paid and its payment as captured. */
  async markPaid(orderId: number): Promise<void> {
    await this.#database.query(
      `WITH paid AS (UPDATE orders SET status = 'paid' WHERE id = $1 RETURNING id)
       UPDATE payments SET status = 'captured' FROM paid WHERE payments.order_id = paid.id`,
      [orderId],
    );
  }

  /** Takes an order back that could not be paid for: the articles return to the shelf. */
  async cancel(orderId: number): Promise<void> {
    await this.#database.transaction(async (session) => {
      await session.query(
        `UPDATE stock SET on_hand = on_hand + order_items.quantity FROM order_items
         WHERE order_items.order_id = $1 AND order_items.product_id = stock.product_id`,
        [orderId],
      );
      await session.query("UPDATE orders SET status = 'cancelled' WHERE id = $1", [orderId]);
    });
  }

  async markVoided(paymentKey: string): Promise<void> {
    await this.#database.query("UPDATE payments SET status = 'voided' WHERE idempotency_key = $1", [paymentKey]);
  }

  async find(token: string): Promise<OrderView | undefined> {
    const rows = await this.#database.query<{
      id: string | number;
      status: OrderView['status'];
      total_cents: number;
      shipping_cents: number;
      recipient: string;
      city: string;
      product_id: string;
      quantity: number;
      unit_price_cents: number;
    }>(
      `SELECT orders.id, status, total_cents, shipping_cents, recipient, city, product_id, quantity, unit_price_cents
       FROM orders JOIN order_items ON order_items.order_id = orders.id WHERE token = $1 ORDER BY product_id`,
      [token],
    );
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      number: orderNumber(Number(first.id)),
      status: first.status,
      totalCents: first.total_cents,
      shippingCents: first.shipping_cents,
      recipient: first.recipient,
      city: first.city,
      lines: rows.map((row) => ({
        productId: row.product_id,
        quantity: row.quantity,
        unitPriceCents: row.unit_price_cents,
      })),
    };
  }
}

function orderNumber(id: number): string {
  return `BF-${String(id).padStart(6, '0')}`;
}
