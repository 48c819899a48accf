import { type Channel, REGION_NAMES, REGIONS, type Region } from '../../domain/journey.ts';
import { type Html, html } from '../html.ts';

/** What every page knows about who is looking at it. */
export interface Visitor {
  readonly region: Region;
  readonly channel: Channel;
  readonly cartCount: number;
  /** The path that was asked for: where a change of region comes back to. */
  readonly path: string;
}

interface Page {
  readonly title: string;
  readonly visitor: Visitor;
  readonly body: Html;
  readonly scripts?: readonly string[];
}

/** Puts a page's content between the head and the foot that all pages share. */
export function layout({ title, visitor, body, scripts = [] }: Page): string {
  const { cartCount, path } = visitor;
  const page = html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title} · Bergfalke Coffee</title>
  <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/shop.css">
  ${scripts.map((script) => html`<script type="module" src="${script}"></script>`)}
</head>
<body>
  <a class="skip" href="#main">Skip to content</a>
  <header class="site-head">
    <a class="logo" href="/">${MARK}<span>Bergfalke<small>coffee roasters</small></span></a>
    <nav aria-label="Shop">
      <a href="/#coffee" class="wide-only">Coffee</a>
      <a href="/#equipment" class="wide-only">Equipment</a>
      <form class="region" method="post" action="/region">
        <input type="hidden" name="back" value="${path}">
        ${REGIONS.map(
          (
            region,
          ) => html`<button name="region" value="${region}" ${region === visitor.region && html`aria-current="true"`}
            title="Deliver to: ${REGION_NAMES[region]}">${region.toUpperCase()}</button>`,
        )}
      </form>
      <a class="cart-link" href="/cart" aria-label="Cart, ${itemsText(cartCount)}">${BASKET}<b>${cartCount}</b></a>
    </nav>
  </header>
  <main id="main">${body}</main>
  <footer class="site-foot">
    <p class="motto">Roasted on Tuesdays and Thursdays, 1,060 metres above the sea.</p>
    <p>Bergfalke Coffee is a made-up shop. Nothing is for sale, no card is charged, and now and then somebody breaks it on purpose.</p>
  </footer>
</body>
</html>
`;
  return page.toString();
}

function itemsText(count: number): string {
  return count === 1 ? '1 item' : `${count} items`;
}

/** A page with one message on it: not found, failed, and the like. */
export function messagePage(visitor: Visitor, title: string, text: string): string {
  return layout({
    title,
    visitor,
    body: html`<section class="message"><h1>${title}</h1><p>${text}</p><p><a class="button" href="/">To the coffee</a></p></section>`,
  });
}

const MARK = html`<svg class="mark" viewBox="0 0 40 40" aria-hidden="true"><path class="mark-back" d="M20 1 37 10v20L20 39 3 30V10Z"/><path class="mark-wing" d="M8 25 15 14l4 6 3-5c4-3 8-4 12-3-4 2-6 4-7 7l-1 6-6-4-4 4-3-3Z"/></svg>`;
const BASKET = html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9h16l-1.600 10.200a1 1 0 0 1-1 .8H6.600a1 1 0 0 1-1-.8Z"/><path d="M8.500 9 11 4M15.500 9 13 4"/></svg>`;
