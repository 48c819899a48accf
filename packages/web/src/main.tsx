import { render } from 'preact';
import { OverviewPage } from './pages/overview/overview-page.tsx';
import { PromotionsPage } from './pages/promotions/promotions-page.tsx';
import './theme/tokens.css';
import './theme/page.css';
import './theme/messages.css';
import './theme/promotions.css';
import { applyTheme, storedTheme } from './theme/theme.ts';

applyTheme(storedTheme());
const view = new URLSearchParams(location.search).get('view');
render(view === 'promotions' ? <PromotionsPage /> : <OverviewPage />, document.getElementById('app')!);
