import type { Product } from '../../domain/catalogue.ts';
import { formatPrice } from '../../domain/money.ts';
import { html } from '../html.ts';
import { layout, type Visitor } from './layout.ts';
import { picture, toneOf } from './picture.ts';

const QUANTITIES = [1, 2, 3, 4, 5, 6];

/** One article, with the button that puts it into the cart. */
export function productPage(visitor: Visitor, product: Product, isOffered: boolean): string {
  return layout({
    title: product.name,
    visitor,
    body: html`
    <p class="crumbs"><a href="/">Shop</a> <span aria-hidden="true">/</span> ${product.name}</p>
    <section class="product ${toneOf(product.picture)}">
      <div class="stage large">${picture(product)}</div>
      <div class="product-text">
        <p class="eyebrow">${product.origin}</p>
        <h1>${product.name}</h1>
        <p class="lead">${product.tagline}</p>
        <p>${product.description}</p>
        <ul class="notes">${product.notes.map((note) => html`<li>${note}</li>`)}</ul>
        ${
          product.roast > 0 &&
          html`<p class="roast"><span>Roast</span> <span class="beans" role="img" aria-label="${product.roast} of 5">${[1, 2, 3, 4, 5].map((level) => html`<i class="${level <= product.roast && 'on'}"></i>`)}</span></p>`
        }
        <form method="post" action="/cart" class="buy">
          <input type="hidden" name="slug" value="${product.slug}">
          <p class="price">${formatPrice(product.priceCents)} <small>${product.unit}</small></p>
          <label>Quantity <select name="quantity">${QUANTITIES.map((count) => html`<option>${count}</option>`)}</select></label>
          ${isOffered ? html`<button class="button">Add to cart</button>` : html`<p class="sold-out">Not on sale at the moment</p>`}
        </form>
      </div>
    </section>`,
  });
}
