/** Are two numbers the same for a test? A NaN equals a NaN; `fuzzy` lets neighbours among the doubles pass. */
export function sameNumber(a: number, b: number, fuzzy: boolean): boolean {
  if (a === b || (a !== a && b !== b)) return true;
  return fuzzy && areNeighbours(a, b);
}

/** Is there no double between the two? */
function areNeighbours(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const [left, right] = new BigInt64Array(new Float64Array([a, b]).buffer);
  const distance = ordinal(left!) - ordinal(right!);
  return distance === 1n || distance === -1n;
}

/** The bits of a double as a number that grows with it, also below zero. */
function ordinal(bits: bigint): bigint {
  return bits >= 0n ? bits : -(bits & 0x7fff_ffff_ffff_ffffn);
}

/** What is only among the expected, and what is only among the given; what both have is matched one to one. */
export function difference<T>(
  expected: readonly T[],
  got: readonly T[],
  isSame: (expected: T, got: T) => boolean,
): { missing: T[]; surplus: T[] } {
  const surplus = [...got];
  const missing = expected.filter((wanted) => {
    const at = surplus.findIndex((given) => isSame(wanted, given));
    if (at === -1) return true;
    surplus.splice(at, 1);
    return false;
  });
  return { missing, surplus };
}
