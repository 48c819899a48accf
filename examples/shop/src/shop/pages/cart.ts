import { formatPrice } from '../../domain/money.ts';
import { type Cart, type CartLine, linesOf, MAX_QUANTITY, subtotalCents } from '../cart.ts';
import { type Html, html } from '../html.ts';
import { layout, type Visitor } from './layout.ts';
import { picture, toneOf } from './picture.ts';

/** What is in the cart, to be changed or checked out. */
export function cartPage(visitor: Visitor, cart: Cart): string {
  const lines = linesOf(cart);
  return layout({
    title: 'Your cart',
    visitor,
    body:
      lines.length === 0
        ? html`<section class="message"><h1>Your cart is empty</h1><p>There is still time before the next roast.</p><p><a class="button" href="/">To the coffee</a></p></section>`
        : html`<section class="cart"><h1>Your cart</h1>
          <div class="columns">
            <ul class="lines">${lines.map(line)}</ul>
            <aside class="summary">
              <dl><div><dt>Articles</dt><dd>${formatPrice(subtotalCents(cart))}</dd></div>
              <div><dt>Shipping</dt><dd>at checkout</dd></div></dl>
              <a class="button block" href="/checkout">Check out</a>
              <p class="fine-print">Prices include taxes.</p>
            </aside>
          </div></section>`,
  });
}

function line({ product, quantity }: CartLine): Html {
  return html`<li class="line">
    <a class="thumb ${toneOf(product.picture)}" href="/products/${product.slug}">${picture(product)}</a>
    <div class="line-text"><a href="/products/${product.slug}"><strong>${product.name}</strong></a><span>${product.unit}</span></div>
    <form method="post" action="/cart" class="stepper" aria-label="Quantity of ${product.name}">
      <input type="hidden" name="slug" value="${product.slug}"><input type="hidden" name="mode" value="set">
      <button name="quantity" value="${quantity - 1}" aria-label="One less">−</button>
      <output>${quantity}</output>
      <button name="quantity" value="${Math.min(quantity + 1, MAX_QUANTITY)}" aria-label="One more">+</button>
    </form>
    <span class="price">${formatPrice(product.priceCents * quantity)}</span>
  </li>`;
}
