import { CATALOGUE, PROMOTED, type Product } from '../../domain/catalogue.ts';
import { formatPrice } from '../../domain/money.ts';
import { type Html, html } from '../html.ts';
import { layout, type Visitor } from './layout.ts';
import { picture, toneOf } from './picture.ts';

/** The front page: everything that is on sale. */
export function cataloguePage(visitor: Visitor, offered: ReadonlySet<string>): string {
  const onSale = CATALOGUE.filter(({ slug }) => offered.has(slug));
  const coffee = onSale.filter((product) => product.picture.kind === 'bag');
  const equipment = onSale.filter((product) => product.picture.kind !== 'bag');
  return layout({
    title: 'Coffee for the way up',
    visitor,
    body: html`
    <section class="hero">
      <div class="hero-text">
        <p class="eyebrow">Small lots, slow roasts</p>
        <h1>Coffee for<br>the way up.</h1>
        <p>We buy from people we have visited, roast in a former cable-car station, and send it out the same day.</p>
        <p><a class="button" href="/products/${PROMOTED}">Start with Gipfel</a></p>
      </div>
      ${HERO}
    </section>
    <section class="shelf" id="coffee"><h2>Coffee</h2><ul class="grid">${coffee.map(card)}</ul></section>
    <section class="shelf" id="equipment"><h2>Equipment</h2><ul class="grid">${equipment.map(card)}</ul></section>`,
  });
}

function card(product: Product): Html {
  return html`<li class="card ${toneOf(product.picture)}">
    <a href="/products/${product.slug}">
      <span class="stage">${picture(product)}</span>
      <span class="card-text"><strong>${product.name}</strong><span>${product.tagline}</span></span>
    </a>
    <form method="post" action="/cart" class="card-buy">
      <input type="hidden" name="slug" value="${product.slug}"><input type="hidden" name="quantity" value="1">
      <span class="price">${formatPrice(product.priceCents)}</span>
      <button class="button small" aria-label="Add ${product.name} to the cart">Add</button>
    </form>
  </li>`;
}

const HERO = html`<svg class="hero-art" viewBox="0 0 1200 460" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
  <circle class="h-sun" cx="860" cy="150" r="78"/>
  <path class="h-1" d="M0 300 L140 210 L250 270 L420 130 L560 250 L700 170 L840 280 L980 190 L1200 320 V460 H0 Z"/>
  <path class="h-snow" d="M420 130 L372 170 L400 178 L418 160 L440 182 L458 164 Z M700 170 L664 191 L690 200 L704 190 L722 204 L738 197 Z"/>
  <path class="h-2" d="M0 360 L160 290 L320 350 L470 260 L640 350 L800 270 L960 350 L1100 300 L1200 350 V460 H0 Z"/>
  <path class="h-3" d="M0 410 Q200 340 420 390 T820 380 T1200 400 V460 H0 Z"/>
  <path class="h-bird" d="M610 92 q26 -26 58 -8 q6 3 10 10 q5 -7 12 -9 q34 -12 56 16 q-26 -12 -50 0 q-8 4 -17 12 q-10 -10 -20 -14 q-25 -9 -49 -7 Z"/>
</svg>`;
