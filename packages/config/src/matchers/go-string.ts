const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  '"': 34,
};

const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;

/**
 * Reads a Go string in double quotes. `\x` and octal escapes are bytes, so several of them may spell one character.
 * `undefined` for bad escapes, raw line ends and bytes that are no UTF-8.
 */
export function unquoteGo(quoted: string): string | undefined {
  if (quoted.length < 2 || !quoted.startsWith('"') || !quoted.endsWith('"')) return undefined;
  const inner = quoted.slice(1, -1);
  if (!inner.includes('\\')) return /["\n]/.test(inner) ? undefined : inner;

  const encoder = new TextEncoder();
  const bytes: number[] = [];
  let at = 0;
  while (at < inner.length) {
    const backslash = inner.indexOf('\\', at);
    const plain = inner.slice(at, backslash === -1 ? inner.length : backslash);
    if (/["\n]/.test(plain)) return undefined;
    for (const byte of encoder.encode(plain)) bytes.push(byte);
    if (backslash === -1) break;
    ESCAPE.lastIndex = backslash;
    const match = ESCAPE.exec(inner);
    if (match === null) return undefined;
    const [, simple, hex, octal, short, long] = match;
    if (simple !== undefined) bytes.push(SIMPLE_ESCAPES[simple]!);
    else if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
    else {
      const code = Number.parseInt((short ?? long) as string, 16);
      if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
      for (const byte of encoder.encode(String.fromCodePoint(code))) bytes.push(byte);
    }
    at = ESCAPE.lastIndex;
  }
  if (bytes.some((byte) => byte > 255)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
