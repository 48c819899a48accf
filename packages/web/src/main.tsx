import { render } from 'preact';
import { OverviewPage } from './pages/overview/overview-page.tsx';
import './theme/tokens.css';
import './theme/page.css';
import './theme/messages.css';
import { applyTheme, storedTheme } from './theme/theme.ts';

applyTheme(storedTheme());
render(<OverviewPage />, document.getElementById('app')!);
