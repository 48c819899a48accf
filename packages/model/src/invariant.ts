/** Throws when something that must hold in our own code does not: a bug, never a user's mistake. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug in Tillwatch: ${message}`);
}

/** Ends an exhaustive `switch`: the compiler proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`bug in Tillwatch: unexpected value ${JSON.stringify(value)}`);
}
