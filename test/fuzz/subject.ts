/** A parser under fuzz: what its inputs look like, and what must hold for every one of them. */
export interface Subject {
  /** What it is called on the command line and in results. */
  readonly name: string;
  /** Inputs that are valid, to be mutated. Bytes are written as characters from U+0000 to U+00FF. */
  readonly seeds: readonly string[];
  /** Words of its language, put in here and there; and those that have broken other parsers. */
  readonly words: readonly string[];
  /** Rules by which texts of its language are made, from `start`; a mutated seed alone when not given. */
  readonly grammar?: Grammar | undefined;
  /** How many of its inputs are read for each of others: less than 1 where one input takes long. Default 1. */
  readonly share?: number;
  /** Are inputs bytes? Then no character beyond U+00FF is put in. */
  readonly isBytes?: boolean;
  /**
   * Reads one input; true when it was accepted, false when it was refused as it should be. Throws for everything that must not
   * happen: another error than the parser's own, a place outside of the input, a text that is not what it was after writing it.
   */
  check(input: string): boolean | Promise<boolean>;
  /** Whatever has to be there before the first input, such as a server. Resolves with how to end it. */
  open?(): Promise<() => Promise<void>>;
}

/** For each name its ways to be written, in which `<name>` stands for another rule if there is one; the first way must lead to an end. */
export type Grammar = Readonly<Record<string, readonly string[]>>;

/** Something that must hold for every input does not. */
class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws {Violation} saying `what` is wrong */
export function must(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Violation(typeof what === 'string' ? what : what());
}

/** Do both say the same? @throws {Violation} with where they begin to differ */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  const [a = '', b = ''] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a === b) return;
  let at = 0;
  while (a[at] === b[at]) at++;
  const from = Math.max(0, at - 80);
  throw new Violation(`${what}: …${a.slice(from, from + 200)}… instead of …${b.slice(from, from + 200)}…`);
}
