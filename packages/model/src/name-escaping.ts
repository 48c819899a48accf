/**
 * Reads a name in Prometheus's value encoding: behind `U__`, `_20_` stands for the character with this hexadecimal code point and
 * `__` for an underscore, so that names of any characters fit where only classic ones do, such as in a path. What is not
 * encoded, or not correctly, is itself.
 */
export function unescapeName(name: string): string {
  if (!name.startsWith('U__')) return name;
  let isWrong = false;
  const plain = name.slice(3).replace(/_(?:_|([0-9a-f]{0,5})_)?/gi, (whole, hex: string | undefined) => {
    if (whole === '__') return '_';
    const code = Number.parseInt(hex ?? '', 16);
    // Halves of surrogate pairs are no characters.
    isWrong ||= !(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff);
    return isWrong ? whole : String.fromCodePoint(code);
  });
  return isWrong ? name : plain;
}
