import type { Expectation, Fault } from '../faults/table.ts';
import { type Html, html } from '../shop/html.ts';

const EXPECTED: Readonly<Record<Expectation, string>> = {
  page: 'somebody should be paged',
  inform: 'inform, wake nobody',
  none: 'nobody should hear of it',
};

/** The page with the switches. Its script keeps them and the figures up to date. */
export function adminPage(faults: readonly (Fault & { readonly active: boolean })[], shopUrl: string): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>Break the shop · Bergfalke Coffee</title>
  <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/shop.css">
  <link rel="stylesheet" href="/assets/admin.css">
  <script type="module" src="/assets/admin.js"></script>
</head>
<body class="admin">
  <main id="main">
    <header class="admin-head">
      <div><p class="eyebrow">Bergfalke Coffee, backstage</p><h1>Break the shop</h1>
      <p>Each switch breaks one thing for real. <a href="${shopUrl}">Visit the shop</a> and see, or watch the watch.</p></div>
      <button class="button quiet-button" id="heal">Heal everything</button>
    </header>
    <p class="notice" id="notice" role="alert" hidden></p>
    <section class="figures" aria-label="Since the start">${FIGURES.map(
      ([key, name]) => html`<div><dt>${name}</dt><dd data-figure="${key}">–</dd></div>`,
    )}</section>
    <section class="faults">${faults.map(card)}</section>
    <section class="rate"><label for="rate">Customers per minute <output id="rate-now"></output></label>
      <input id="rate" type="range" min="0" max="300" step="10"></section>
  </main>
</body>
</html>
`;
  return page.toString();
}

const FIGURES = [
  ['attempts', 'Checkouts'],
  ['orders', 'Orders'],
  ['orderValue', 'Taken'],
  ['failed', 'Failed'],
  ['declined', 'Declined'],
  ['abandoned', 'Abandoned'],
  ['present', 'In the shop now'],
] as const;

function card(fault: Fault & { readonly active: boolean }): Html {
  const labels = Object.entries(fault.labels);
  return html`<article class="fault" data-fault="${fault.name}" ${fault.active && html`data-active`}>
    <div class="fault-head"><h2>${fault.title}</h2>
      <button class="switch" role="switch" aria-checked="${String(fault.active)}" aria-label="${fault.title}"><i></i></button></div>
    <p>${fault.what}</p>
    <p class="tags"><code>${fault.name}</code>${labels.map(([name, value]) => html`<code>${name}=${value}</code>`)}<span class="expect ${fault.expect}">${EXPECTED[fault.expect]}</span></p>
  </article>`;
}
