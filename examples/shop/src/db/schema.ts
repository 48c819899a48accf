import { CATALOGUE } from '../domain/catalogue.ts';
import type { Database } from './port.ts';

/** Refuses to sell what is not there; the name is what a failed order is recognised by. */
export const STOCK_CONSTRAINT = 'stock_not_oversold';

/** How many of each article lie on the shelf after a delivery. */
const FULL_SHELF = 500;

const TABLES = [
  `CREATE TABLE IF NOT EXISTS products (
     id text PRIMARY KEY,
     name text NOT NULL,
     price_cents integer NOT NULL CHECK (price_cents > 0),
     weight_grams integer NOT NULL CHECK (weight_grams > 0),
     on_sale boolean NOT NULL DEFAULT true
   )`,
  `CREATE TABLE IF NOT EXISTS stock (
     product_id text PRIMARY KEY REFERENCES products (id),
     on_hand integer NOT NULL CONSTRAINT ${STOCK_CONSTRAINT} CHECK (on_hand >= 0)
   )`,
  `CREATE TABLE IF NOT EXISTS orders (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     token text NOT NULL UNIQUE,
     status text NOT NULL CHECK (status IN ('placed', 'paid', 'cancelled')),
     region text NOT NULL,
     channel text NOT NULL,
     version text NOT NULL,
     currency text NOT NULL,
     shipping_cents integer NOT NULL CHECK (shipping_cents >= 0),
     total_cents integer NOT NULL CHECK (total_cents > 0),
     recipient text NOT NULL,
     street text NOT NULL,
     postcode text NOT NULL,
     city text NOT NULL,
     country text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE IF NOT EXISTS order_items (
     order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
     product_id text NOT NULL REFERENCES products (id),
     quantity integer NOT NULL CHECK (quantity > 0),
     unit_price_cents integer NOT NULL CHECK (unit_price_cents > 0),
     PRIMARY KEY (order_id, product_id)
   )`,
  `CREATE TABLE IF NOT EXISTS payments (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     idempotency_key text NOT NULL UNIQUE,
     order_id bigint REFERENCES orders (id) ON DELETE CASCADE,
     provider text NOT NULL,
     method text NOT NULL,
     provider_reference text NOT NULL,
     amount_cents integer NOT NULL CHECK (amount_cents > 0),
     status text NOT NULL CHECK (status IN ('authorised', 'captured', 'voided')),
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  'CREATE INDEX IF NOT EXISTS orders_created_at ON orders (created_at)',
  'CREATE INDEX IF NOT EXISTS payments_order_id ON payments (order_id)',
  'CREATE INDEX IF NOT EXISTS payments_created_at ON payments (created_at)',
];

/** Creates what is missing, brings the products up to date and fills the shelves. Harmless on a database in use. */
export async function prepareDatabase(database: Database): Promise<void> {
  await database.transaction(async (session) => {
    // Two shops may start on one database at the same moment; CREATE IF NOT EXISTS alone can then collide.
    await session.query('SELECT pg_advisory_xact_lock(7231)');
    for (const table of TABLES) await session.query(table);
    for (const product of CATALOGUE) {
      await session.query(
        `INSERT INTO products (id, name, price_cents, weight_grams) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET name = $2, price_cents = $3, weight_grams = $4, on_sale = true`,
        [product.slug, product.name, product.priceCents, product.weightGrams],
      );
      await session.query(
        `INSERT INTO stock (product_id, on_hand) VALUES ($1, $2)
         ON CONFLICT (product_id) DO UPDATE SET on_hand = GREATEST(stock.on_hand, $2)`,
        [product.slug, FULL_SHELF],
      );
    }
  });
}

/** A delivery from the roastery: fills every shelf that runs low, except that of `withheld`. */
export async function restock(database: Database, withheld?: string): Promise<void> {
  await database.query('UPDATE stock SET on_hand = $1 WHERE on_hand < $2 AND product_id IS DISTINCT FROM $3', [
    FULL_SHELF,
    FULL_SHELF / 2,
    withheld ?? null,
  ]);
}

/** Takes an article off the shelf while the catalogue goes on offering it. */
export async function emptyShelf(database: Database, productId: string): Promise<void> {
  await database.query('UPDATE stock SET on_hand = 0 WHERE product_id = $1', [productId]);
}

/** Forgets orders and loose payments older than `ageMinutes`: the shop may run for weeks, in memory. */
export async function forgetOld(database: Database, ageMinutes: number): Promise<void> {
  await database.query("DELETE FROM orders WHERE created_at < now() - $1 * interval '1 minute'", [ageMinutes]);
  await database.query(
    "DELETE FROM payments WHERE order_id IS NULL AND created_at < now() - $1 * interval '1 minute'",
    [ageMinutes],
  );
}
