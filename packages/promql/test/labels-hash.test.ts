import { expect, test } from 'vitest';
import { xxh64 } from '../src/evaluate/labels-hash.ts';

/** Known answers of XXH64 with seed 0. */
test.for([
  ['', 0xef46db3751d8e999n],
  ['a', 0xd24ec4f1a98c6e5bn],
  ['abc', 0x44bc2cf5ad770999n],
  ['Nobody inspects the spammish repetition', 0xfbcea83c8a378bf1n],
] as const)('of %j', ([text, hash]) => expect(xxh64(new TextEncoder().encode(text))).toBe(hash));
