import { Scalar } from 'yaml';

/**
 * Finds the place in the source text of a stretch of a scalar's value, whichever way the scalar is written: plain, quoted
 * with escapes, folded over lines, or as an indented block. `from` and `to` are offsets into the value (UTF-16), `to` not
 * included. Ends that lie in white space may be off by the white space that YAML folded away.
 */
export function spanInScalar(
  text: string,
  scalar: Scalar,
  from: number,
  to: number,
): { readonly from: number; readonly to: number } {
  const value = String(scalar.value ?? '');
  const [start, end] = scalar.range ?? [0, 0];
  const offsets = sourceOffsets(text, contentStart(text, scalar, start), end, value, scalar.type);
  const first = offsets[Math.max(0, Math.min(from, value.length))] ?? end;
  if (to <= from) return { from: first, to: first };
  const last = offsets[Math.max(0, Math.min(to, value.length) - 1)] ?? first;
  return { from: first, to: Math.max(first, last + 1) };
}

/** Quoted scalars begin after the quote, block scalars on the line after `|` or `>`. */
function contentStart(text: string, scalar: Scalar, start: number): number {
  switch (scalar.type) {
    case Scalar.QUOTE_DOUBLE:
    case Scalar.QUOTE_SINGLE:
      return start + 1;
    case Scalar.BLOCK_FOLDED:
    case Scalar.BLOCK_LITERAL: {
      const lineEnd = text.indexOf('\n', start);
      return lineEnd === -1 ? start : lineEnd + 1;
    }
    default:
      return start;
  }
}

/** For every unit of the value its offset in the source; one more entry for the end. */
function sourceOffsets(
  text: string,
  start: number,
  end: number,
  value: string,
  type: Scalar['type'] | undefined,
): number[] {
  const offsets: number[] = [];
  let at = start;
  let i = 0;
  while (i < value.length) {
    const wanted = value[i] as string;
    const isSpace = wanted === ' ' || wanted === '\n' || wanted === '\t';
    if (!isSpace) at = skipSpace(text, at, end, type);
    const escapeUnits = type === Scalar.QUOTE_DOUBLE && text[at] === '\\' ? escapeLength(text[at + 1]) : 0;
    if (escapeUnits > 0 && text[at + 1] !== '\n') {
      // An escape beyond the basic plane stands for two units of the value.
      const units = escapeUnits === 10 && isHighSurrogate(wanted) ? 2 : 1;
      for (let unit = 0; unit < units; unit++) offsets.push(at);
      at += escapeUnits;
      i += units;
      continue;
    }
    offsets.push(Math.min(at, end));
    if (text[at] === wanted) at += type === Scalar.QUOTE_SINGLE && wanted === "'" ? 2 : 1;
    i++;
  }
  offsets.push(Math.min(at, end));
  return offsets;
}

/** Skips what YAML drops between words: line ends, indentation and, in double quotes, an escaped line end. */
function skipSpace(text: string, from: number, end: number, type: Scalar['type'] | undefined): number {
  let at = from;
  while (at < end) {
    const char = text[at];
    if (char === ' ' || char === '\n' || char === '\t' || char === '\r') at++;
    else if (type === Scalar.QUOTE_DOUBLE && char === '\\' && text[at + 1] === '\n') at += 2;
    else break;
  }
  return at;
}

function escapeLength(kind: string | undefined): number {
  switch (kind) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

function isHighSurrogate(unit: string): boolean {
  const code = unit.charCodeAt(0);
  return code >= 0xd800 && code <= 0xdbff;
}
