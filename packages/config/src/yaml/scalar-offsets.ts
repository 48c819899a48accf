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
  // An escape is marked as a whole.
  const isEscape = scalar.type === Scalar.QUOTE_DOUBLE && text[last] === '\\';
  return { from: first, to: Math.max(first, last + (isEscape ? escapeLength(text[last + 1]) : 1)) };
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
  const isBlock = type === Scalar.BLOCK_FOLDED || type === Scalar.BLOCK_LITERAL;
  return isBlock ? blockOffsets(text, start, end, value) : flowOffsets(text, start, end, value, type);
}

/** In a block only white space is dropped or changed, so words follow each other as in the value. */
function blockOffsets(text: string, start: number, end: number, value: string): number[] {
  const offsets: number[] = [];
  let at = start;
  for (const wanted of value.split('')) {
    if (!isSpace(wanted)) while (at < end && isSpace(text[at])) at++;
    offsets.push(Math.min(at, end));
    if (text[at] === wanted) at++;
  }
  offsets.push(Math.min(at, end));
  return offsets;
}

/** Plain and quoted scalars: a line end with the white space around it is one space, `n` of them are `n - 1` line ends. */
function flowOffsets(
  text: string,
  start: number,
  end: number,
  value: string,
  type: Scalar['type'] | undefined,
): number[] {
  const isDouble = type === Scalar.QUOTE_DOUBLE;
  const offsets: number[] = [];
  let at = start;
  while (offsets.length < value.length) {
    if (isDouble && text[at] === '\\' && /[\r\n]/.test(text[at + 1] ?? '')) {
      at = endOfRun(text, at + 1);
      continue;
    }
    const runEnd = endOfRun(text, at);
    const lineEnds = text.slice(at, runEnd).split('\n').length - 1;
    if (lineEnds > 0) {
      for (let i = 0; i < Math.max(1, lineEnds - 1); i++) offsets.push(at);
      at = runEnd;
      continue;
    }
    const wanted = value[offsets.length] as string;
    const escaped = isDouble && text[at] === '\\' ? escapeLength(text[at + 1]) : 0;
    offsets.push(Math.min(at, end));
    // The longest escape may stand for a pair of surrogates.
    if (escaped === 10 && isHighSurrogate(wanted)) offsets.push(Math.min(at, end));
    at += escaped > 0 ? escaped : type === Scalar.QUOTE_SINGLE && wanted === "'" ? 2 : 1;
  }
  offsets.length = value.length;
  offsets.push(Math.min(at, end));
  return offsets;
}

function endOfRun(text: string, from: number): number {
  let at = from;
  while (isSpace(text[at])) at++;
  return at;
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
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
