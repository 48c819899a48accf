import { METHOD_NAMES, METHODS, type Region } from '../../domain/journey.ts';
import { formatPrice } from '../../domain/money.ts';
import { COUNTRIES } from '../address.ts';
import { type Cart, linesOf, subtotalCents } from '../cart.ts';
import { type Html, html } from '../html.ts';
import { layout, type Visitor } from './layout.ts';
import { picture, toneOf } from './picture.ts';

/** Where the script of this page is; a browser that cannot run it can look at the page but cannot check out. */
export const CHECKOUT_SCRIPT = '/assets/checkout.js';

/**
 * The checkout: one page whose panels the script opens one after the other, since each depends on the shop's answer to the
 * one before. Nothing has started until the script says so to the shop.
 */
export function checkoutPage(visitor: Visitor, cart: Cart): string {
  return layout({
    title: 'Checkout',
    visitor,
    scripts: [CHECKOUT_SCRIPT],
    body: html`<section class="checkout" id="checkout" data-region="${visitor.region}" data-channel="${visitor.channel}" data-subtotal="${subtotalCents(cart)}">
      <h1>Checkout</h1>
      <ol class="progress" aria-label="Steps">
        ${['Address', 'Shipping', 'Payment', 'Done'].map((name, i) => html`<li ${i === 0 && html`aria-current="step"`}>${name}</li>`)}
      </ol>
      <div class="columns">
        <div class="panels">
          <p class="notice" id="notice" role="alert" hidden></p>
          ${addressPanel(visitor.region)}
          <form class="panel" data-panel="shipping" hidden>
            <h2>How shall we send it?</h2>
            <div class="choices" id="rates"></div>
            <div class="actions"><button type="button" class="quiet" data-back="address">Back</button><button class="button">Continue to payment</button></div>
          </form>
          ${paymentPanel()}
        </div>
        <aside class="summary">
          <ul class="mini">${linesOf(cart).map(
            ({ product, quantity }) =>
              html`<li><span class="thumb ${toneOf(product.picture)}">${picture(product)}</span><span>${product.name}<small>${quantity} × ${formatPrice(product.priceCents)}</small></span><span class="price">${formatPrice(product.priceCents * quantity)}</span></li>`,
          )}</ul>
          <dl>
            <div><dt>Articles</dt><dd>${formatPrice(subtotalCents(cart))}</dd></div>
            <div><dt>Shipping</dt><dd id="shipping-price">–</dd></div>
            <div class="total"><dt>Total</dt><dd id="total-price">${formatPrice(subtotalCents(cart))}</dd></div>
          </dl>
        </aside>
      </div>
      <noscript><p class="notice">The checkout needs JavaScript.</p></noscript>
    </section>`,
  });
}

function addressPanel(region: Region): Html {
  const countries = COUNTRIES[region];
  return html`<form class="panel" data-panel="address" novalidate>
    <h2>Where shall it go?</h2>
    ${field('recipient', 'Name', 'name')}
    ${field('street', 'Street and number', 'street-address')}
    <div class="pair">${field('postcode', 'Postcode', 'postal-code')}${field('city', 'Town', 'address-level2')}</div>
    <div class="field"><label for="country">Country</label>
      <select id="country" name="country" autocomplete="country">${countries.map(({ code, name }) => html`<option value="${code}">${name}</option>`)}</select>
      <p class="mistake" data-mistake="country" hidden></p></div>
    <div class="actions"><button type="button" class="quiet" id="sample">Use a sample address</button><button class="button">Continue to shipping</button></div>
  </form>`;
}

function field(name: string, label: string, autocomplete: string): Html {
  return html`<div class="field"><label for="${name}">${label}</label>
    <input id="${name}" name="${name}" autocomplete="${autocomplete}" maxlength="120" required>
    <p class="mistake" data-mistake="${name}" hidden></p></div>`;
}

function paymentPanel(): Html {
  return html`<form class="panel" data-panel="payment" hidden>
    <h2>How would you like to pay?</h2>
    <div class="choices">${METHODS.map(
      (
        method,
        i,
      ) => html`<label class="choice"><input type="radio" name="method" value="${method}" ${i === 0 && html`checked`}>
        <span><strong>${METHOD_NAMES[method]}</strong><small>${METHOD_HINTS[method]}</small></span></label>`,
    )}</div>
    <div class="field bank"><label for="card">What the bank will say <small>(this is a demo: no card data is asked for)</small></label>
      <select id="card" name="card">
        <option value="approved">Approved</option><option value="card_declined">Declined</option>
        <option value="insufficient_funds">Not enough money</option><option value="expired_card">Card expired</option>
        <option value="authentication_required">Wants to be asked first (3-D Secure)</option>
        <option value="fraud_suspected">Looks like fraud</option>
      </select></div>
    <div class="actions"><button type="button" class="quiet" data-back="shipping">Back</button><button class="button" id="pay">Place order</button></div>
  </form>`;
}

const METHOD_HINTS = {
  visa: 'Debit or credit card',
  mastercard: 'Debit or credit card',
  wallet: 'Pay with a tap',
  invoice: 'Pay after you have tasted it',
} as const;
