import { isAscii, isUtf8 } from 'node:buffer';

/** A lone surrogate that stands for one byte that is not UTF-8. */
export const STRAY_BYTE = /[\udc80-\udcff]/;

/**
 * Decodes a page. Bytes that are no UTF-8 become lone surrogates (U+DC80 + byte - 0x80), so that the parser can refuse them
 * at their place where they are not allowed.
 */
export function decodePage(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  // Nearly every page is ASCII alone, and copying bytes is several times as fast as decoding them.
  if (isAscii(bytes)) return bytes.toString('latin1');
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  let start = 0;
  while (start < bytes.length) {
    const length = validPrefix(bytes, start);
    text += bytes.toString('utf8', start, start + length);
    start += length;
    if (start < bytes.length) text += String.fromCharCode(0xdc00 + bytes[start++]!);
  }
  return text;
}

/** The bytes of a page's text; what stands for stray bytes becomes them again. */
export function encodePage(text: string): Uint8Array {
  if (!STRAY_BYTE.test(text)) return Buffer.from(text);
  const isStray = (char: string) => char.length === 1 && STRAY_BYTE.test(char);
  return Buffer.concat(Array.from(text, (char) => Buffer.from(isStray(char) ? [char.charCodeAt(0) - 0xdc00] : char)));
}

/** How many bytes from `start` on are whole, valid characters. */
function validPrefix(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > 1 && !isUtf8(bytes.subarray(at, Math.min(at + length, bytes.length)))) break;
    at += length;
  }
  return Math.min(at, bytes.length) - start;
}
