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

const HERO = html`<svg class="hero-art" viewBox="0 0 1200 460" preserveAspectRatio="xMaxYMax slice" aria-hidden="true">
  <circle class="h-sun" cx="1010" cy="118" r="66"/>
  <path class="h-1" d="M300 460 L560 330 L640 350 L800 168 L880 246 L940 200 L1060 300 L1130 252 L1200 296 V460 Z"/>
  <path class="h-snow" d="M800 168 L752 223 L778 234 L796 214 L818 238 L832 228 L843 210 Z M940 200 L905 227 L928 240 L944 228 L962 242 L979 232 Z"/>
  <path class="h-2" d="M0 460 L220 404 L420 420 L600 340 L700 372 L860 280 L980 346 L1090 304 L1200 360 V460 Z"/>
  <path class="h-3" d="M0 432 Q240 392 470 420 T900 392 T1200 402 V460 H0 Z"/>
  <path class="h-bird" d="M660 112 q20 -20 45 -6 q5 2 8 8 q4 -6 9 -7 q26 -9 43 12 q-20 -9 -38 0 q-6 3 -13 9 q-8 -8 -15 -11 q-20 -7 -39 -5 Z"/>
</svg>`;
