/** Verbs that are told apart; everything else is `other`. */
const VERBS: ReadonlySet<string> = new Set([
  ...['select', 'insert', 'update', 'delete', 'merge', 'with', 'begin', 'start', 'commit', 'rollback', 'savepoint'],
  ...['release', 'set', 'show', 'call', 'copy', 'lock', 'create', 'alter', 'drop', 'truncate', 'vacuum', 'analyze'],
  ...['explain', 'listen', 'notify', 'unlisten', 'values', 'declare', 'fetch', 'execute', 'prepare'],
]);

/** Blanks, parentheses and comments before the verb; a comment may name the operation. */
const LEADING = /^(?:[\s(;]+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)/;
const NAMED = /^(?:--|\/\*)\s*(?:op|name)\s*:\s*([A-Za-z0-9_.-]{1,64})/;
const WORD = /^[A-Za-z]+/;
/** A query that hides its verb behind more text than this has none. */
const MAX_READ = 2000;

/**
 * The operation of a query: the `name` of its prepared statement, else what a leading comment names
 * (a block comment `op: place_order`, or a line comment `-- name: PlaceOrder`), else its verb in lower case. Nothing else of the text.
 */
export function operationOf(text: string, name: string | undefined): string {
  if (name !== undefined && name !== '') return name;
  let rest = text.slice(0, MAX_READ);
  for (let leading = LEADING.exec(rest); leading !== null; leading = LEADING.exec(rest)) {
    const named = NAMED.exec(leading[0])?.[1];
    if (named !== undefined) return named;
    rest = rest.slice(leading[0].length);
  }
  const verb = WORD.exec(rest)?.[0].toLowerCase() ?? '';
  if (!VERBS.has(verb)) return 'other';
  return verb === 'start' ? 'begin' : verb;
}
