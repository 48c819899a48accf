import { findProduct } from '../../domain/catalogue.ts';
import { formatPrice } from '../../domain/money.ts';
import { html } from '../html.ts';
import type { OrderView } from '../orders.ts';
import { layout, type Visitor } from './layout.ts';
import { picture, toneOf } from './picture.ts';

/** The page that thanks for an order. */
export function orderPage(visitor: Visitor, order: OrderView): string {
  return layout({
    title: `Order ${order.number}`,
    visitor,
    body: html`<section class="thanks">
      <ol class="progress done" aria-label="Steps">${['Address', 'Shipping', 'Payment', 'Done'].map((name) => html`<li>${name}</li>`)}</ol>
      <h1>${order.status === 'cancelled' ? 'This order was cancelled' : html`Thank you.<br>It is on its way.`}</h1>
      <p class="lead">Order <b>${order.number}</b> for ${order.recipient} in ${order.city}.</p>
      <div class="summary">
        <ul class="mini">${order.lines.map(({ productId, quantity, unitPriceCents }) => {
          const product = findProduct(productId);
          return html`<li>${product !== undefined && html`<span class="thumb ${toneOf(product.picture)}">${picture(product)}</span>`}
            <span>${product?.name ?? productId}<small>${quantity} × ${formatPrice(unitPriceCents)}</small></span>
            <span class="price">${formatPrice(unitPriceCents * quantity)}</span></li>`;
        })}</ul>
        <dl><div><dt>Shipping</dt><dd>${formatPrice(order.shippingCents)}</dd></div>
        <div class="total"><dt>Total</dt><dd>${formatPrice(order.totalCents)}</dd></div></dl>
      </div>
      <p><a class="button" href="/">Back to the shop</a></p>
    </section>`,
  });
}
