import { type ComponentType, render } from 'preact';
import { OverviewPage } from './pages/overview/overview-page.tsx';
import { PromotionsPage } from './pages/promotions/promotions-page.tsx';
import './theme/tokens.css';
import './theme/page.css';
import './theme/messages.css';
import './theme/promotions.css';
import { applyTheme, storedTheme } from './theme/theme.ts';

applyTheme(storedTheme());
const app = document.getElementById('app')!;

function show(Page: ComponentType): void {
  render(<Page />, app);
}

/** Prometheus's own path to a query is in the `generatorURL` of every alert. */
const QUERY_PATHS: readonly string[] = ['/query', '/graph'];

if (QUERY_PATHS.includes(location.pathname)) {
  // Loaded by itself: the live page stays as light as it was.
  import('./pages/query/query-page.tsx').then(
    ({ QueryPage }) => show(QueryPage),
    () => app.append('This page could not be loaded. Load it again.'),
  );
} else {
  show(new URLSearchParams(location.search).get('view') === 'promotions' ? PromotionsPage : OverviewPage);
}
