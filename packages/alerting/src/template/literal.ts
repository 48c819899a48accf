/** Literals of the template language: Go's strings, characters and numbers. */

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([\s\S]))/g;

/** The value of a string or character as written, quotes included; `undefined` when an escape in it is none. */
export function unquote(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith('`')) return inner.replaceAll('\r', '');
  let valid = true;
  const text = inner.replace(ESCAPE, (_all, byte, short, long, octal, simple) => {
    if (simple !== undefined) {
      const char = SIMPLE[simple];
      if (char === undefined || (char === "'" && quoted[0] === '"') || (char === '"' && quoted[0] === "'"))
        valid = false;
      return char ?? '';
    }
    const code = octal === undefined ? Number.parseInt(byte ?? short ?? long, 16) : Number.parseInt(octal, 8);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) valid = false;
    return valid ? String.fromCodePoint(code) : '';
  });
  return valid ? text : undefined;
}

const MAX_INT = 0x7fff_ffff_ffff_ffffn;

/** The value of a number or character literal: a `bigint` for Go's integers, a `number` for floats. */
export function parseNumber(text: string): bigint | number | undefined {
  if (text.startsWith("'")) {
    const value = unquote(text);
    return value !== undefined && [...value].length === 1 ? BigInt(value.codePointAt(0) ?? 0) : undefined;
  }
  const plain = text.replaceAll('_', '');
  const digits = plain.replace(/^[+-]/, '');
  const isInteger = /^(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+)$/.test(digits);
  if (!isInteger) return Number.isFinite(Number(plain)) ? Number(plain) : undefined;
  const size = /^0\d+$/.test(digits) ? octal(digits) : BigInt(digits);
  if (size === undefined || size > MAX_INT + (plain.startsWith('-') ? 1n : 0n)) return undefined;
  return plain.startsWith('-') ? -size : size;
}

function octal(digits: string): bigint | undefined {
  return /^[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined;
}
