/** More than these are forgotten, the oldest first. */
const MOST = 30;

/** Longer queries are not kept: they would crowd out what else the browser keeps for the page. UTF-16 units. */
const LONGEST = 10_000;

const KEY = 'tillwatch-queries';

/** The history after `expr` was asked: the latest first, each once, at most 30 of at most 10,000 characters. */
export function remembered(history: readonly string[], expr: string): readonly string[] {
  const text = expr.trim();
  if (text === '' || text.length > LONGEST) return history;
  return [text, ...history.filter((other) => other !== text)].slice(0, MOST);
}

/** What was asked in this browser, the latest first; nothing where the browser keeps nothing, or something else. */
export function loadHistory(storage: Pick<Storage, 'getItem'>): readonly string[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter((expr) => typeof expr === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Keeps the history for the next visit. A browser that refuses (full, or private) is no trouble. */
export function saveHistory(storage: Pick<Storage, 'setItem'>, history: readonly string[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(history));
  } catch {
    // The history of this visit is still there.
  }
}
