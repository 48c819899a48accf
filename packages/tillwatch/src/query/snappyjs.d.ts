/** Snappy's block format; the package comes without types. */
declare module 'snappyjs' {
  /** Packs bytes. */
  export function compress(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Unpacks bytes. Throws when they are damaged, or would become more than `maxBytes`. */
  export function uncompress(bytes: Uint8Array, maxBytes?: number): Uint8Array;
}
