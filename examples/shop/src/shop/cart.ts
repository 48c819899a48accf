import { createHmac, timingSafeEqual } from 'node:crypto';
import { findProduct, type Product } from '../domain/catalogue.ts';

/** What lies in a customer's cart: how many of which article. In the order in which things were put in. */
export type Cart = ReadonlyMap<string, number>;

export interface CartLine {
  readonly product: Product;
  readonly quantity: number;
}

export const EMPTY_CART: Cart = new Map();

/** The most of one article that one order can have. */
export const MAX_QUANTITY = 20;

/** Sets how many of an article are in the cart; 0 takes it out. Unknown articles and odd numbers change nothing. */
export function withQuantity(cart: Cart, slug: string, quantity: number): Cart {
  if (findProduct(slug) === undefined || !Number.isInteger(quantity)) return cart;
  const changed = new Map(cart);
  if (quantity <= 0) changed.delete(slug);
  else changed.set(slug, Math.min(quantity, MAX_QUANTITY));
  return changed;
}

export function linesOf(cart: Cart): readonly CartLine[] {
  return [...cart].flatMap(([slug, quantity]) => {
    const product = findProduct(slug);
    return product === undefined ? [] : [{ product, quantity }];
  });
}

export function itemCount(cart: Cart): number {
  return [...cart.values()].reduce((sum, quantity) => sum + quantity, 0);
}

export function subtotalCents(cart: Cart): number {
  return linesOf(cart).reduce((sum, { product, quantity }) => sum + product.priceCents * quantity, 0);
}

export function weightGrams(cart: Cart): number {
  return linesOf(cart).reduce((sum, { product, quantity }) => sum + product.weightGrams * quantity, 0);
}

/** Writes and reads the cart cookie: `gipfel*2.becher*1` with a signature, so that only carts that we made come back. */
export class CartCookie {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  write(cart: Cart): string {
    const text = [...cart].map(([slug, quantity]) => `${slug}*${quantity}`).join('.');
    return `${text}~${this.#sign(text)}`;
  }

  /** The empty cart for a cookie that is missing, damaged or forged. */
  read(cookie: string | undefined): Cart {
    const [text, signature] = (cookie ?? '').split('~');
    if (text === undefined || signature === undefined || !sameText(signature, this.#sign(text))) return EMPTY_CART;
    let cart = EMPTY_CART;
    for (const entry of text.split('.')) {
      const [slug = '', quantity] = entry.split('*');
      cart = withQuantity(cart, slug, Number(quantity));
    }
    return cart;
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url').slice(0, 22);
  }
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The value of one cookie in a `Cookie` header. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const [key, value] = part.trim().split('=');
    if (key === name) return value;
  }
  return undefined;
}
