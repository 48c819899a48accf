/** What the reader chose; `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'tillwatch-theme';

export function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'auto';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Changes to the other of light and dark, remembers it, and tells those who draw on a canvas. */
export function toggleTheme(): void {
  const next: Theme = isDark() ? 'light' : 'dark';
  localStorage.setItem(KEY, next);
  applyTheme(next);
  window.dispatchEvent(new Event('tillwatch-theme'));
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

/** A design token's value as it is now. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
