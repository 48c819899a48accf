// Numbers of some bits each, packed low bit first.

/** Writes a number of `width` bits from bit `position` on, where there are zeros. */
export function putBits(bytes: Uint8Array, position: number, width: number, value: number): void {
  let at = position >>> 3;
  let shift = position & 7;
  let rest = value >>> 0;
  let left = width;
  while (left > 0) {
    bytes[at]! |= (rest << shift) & 0xff;
    const taken = 8 - shift;
    rest = taken >= 32 ? 0 : rest >>> taken;
    left -= taken;
    shift = 0;
    at++;
  }
}

/** Reads up to 32 bits; bytes past the end count as 0. */
export function getBits(bytes: Uint8Array, position: number, width: number): number {
  if (width === 0) return 0;
  const at = position >>> 3;
  const shift = position & 7;
  let value = wordAt(bytes, at) >>> shift;
  if (shift + width > 32) value |= bytes[at + 4]! << (32 - shift);
  return width === 32 ? value >>> 0 : value & ((1 << width) - 1);
}

/** The sum of `count` numbers of `width` bits that begin at a byte. */
export function sumOfBits(bytes: Uint8Array, start: number, width: number, count: number): number {
  let sum = 0;
  let i = 0;
  let position = start;
  if (width > 0 && width <= 8) {
    const mask = (1 << width) - 1;
    const [twice, thrice] = [2 * width, 3 * width];
    let byte = start >>> 3;
    for (; i + 8 <= count && byte + 8 <= bytes.length; i += 8) {
      const low = wordAt(bytes, byte);
      const high = wordAt(bytes, byte + (width >>> 1)) >>> ((width & 1) * 4);
      sum += (low & mask) + ((low >>> width) & mask) + ((low >>> twice) & mask) + ((low >>> thrice) & mask);
      sum += (high & mask) + ((high >>> width) & mask) + ((high >>> twice) & mask) + ((high >>> thrice) & mask);
      byte += width;
    }
    position = byte * 8;
  }
  for (; i < count; i++) {
    sum += getBits(bytes, position, width);
    position += width;
  }
  return sum;
}

/** Four bytes as a word, which may be negative; bytes past the end count as 0. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
