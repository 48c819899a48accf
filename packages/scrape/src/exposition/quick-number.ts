const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const SPACE = 32;
const NEWLINE = 10;

/** The powers of ten that are exact as numbers. */
const POWERS = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));
/** Whole numbers with so many digits are exact. */
const MOST_DIGITS = 15;

/**
 * Reads decimal numbers straight from bytes, where that is exact without rounding twice: up to 15 digits and a small power
 * of ten are one exact number times or by another, which is rounded once, as reading them digit by digit would be.
 */
export class QuickNumber {
  value = 0;
  /** Behind the last byte of the number. */
  end = 0;

  /** Reads the number at `at` that a blank or a newline ends; false, and nothing is known, for any that needs more care. */
  read(bytes: Uint8Array, at: number): boolean {
    let offset = at;
    const isNegative = bytes[offset] === MINUS;
    if (isNegative) offset++;
    const from = offset;
    let digits = 0;
    let code = bytes[offset]!;
    while (code >= 48 && code <= 57) {
      digits = digits * 10 + code - 48;
      code = bytes[++offset]!;
    }
    let count = offset - from;
    let power = 0;
    if (code === POINT) {
      const pointAt = offset;
      code = bytes[++offset]!;
      while (code >= 48 && code <= 57) {
        digits = digits * 10 + code - 48;
        code = bytes[++offset]!;
      }
      power = pointAt + 1 - offset;
      count -= power;
    }
    if (count === 0 || count > MOST_DIGITS) return false;
    if (code === 101 || code === 69) {
      code = bytes[++offset]!;
      const isSmall = code === MINUS;
      if (isSmall || code === PLUS) code = bytes[++offset]!;
      const exponentFrom = offset;
      let exponent = 0;
      while (code >= 48 && code <= 57 && offset - exponentFrom < 3) {
        exponent = exponent * 10 + code - 48;
        code = bytes[++offset]!;
      }
      if (offset === exponentFrom) return false;
      power += isSmall ? -exponent : exponent;
    }
    if ((code !== NEWLINE && code !== SPACE) || power > 22 || power < -22) return false;
    const value = power < 0 ? digits / POWERS[-power]! : digits * POWERS[power]!;
    this.value = isNegative ? -value : value;
    this.end = offset;
    return true;
  }
}
