import type { Batch, Ledger } from '@tillwatch/model';
import type { FailureExample, FailureQuestion, FailureSource } from './failure-example.ts';

const SHELF = 'checkout-failures';
/** The last ones of each kind: a flood of one does not wash the others away. */
const PER_KIND = 5;
const MOST_KINDS = 100;

/** A kind of failure with its examples, oldest first. */
interface Kind {
  readonly examples: FailureExample[];
  isSaved: boolean;
}

/** Remembers the last failures by step, reason and provider, in bounded memory; with a ledger across restarts. */
export class RecentFailures implements FailureSource {
  /** The kind that failed last comes last. */
  readonly #kinds = new Map<string, Kind>();
  readonly #ledger: Ledger | undefined;
  readonly #forgotten = new Set<string>();

  constructor(ledger?: Ledger) {
    this.#ledger = ledger;
    const kept = (ledger?.entries(SHELF) ?? []) as [string, readonly FailureExample[]][];
    const newest = ([, examples]: [string, readonly FailureExample[]]) => examples.at(-1)?.atMs ?? 0;
    for (const [key, examples] of kept.sort((a, b) => newest(a) - newest(b))) {
      this.#kinds.set(key, { examples: examples.slice(-PER_KIND), isSaved: true });
    }
  }

  /** Takes one failure. What is not technical is the customer's and not kept. One that is known already changes nothing. */
  add(example: FailureExample): void {
    if (example.reasonClass !== 'technical') return;
    const key = [example.step, example.reason, example.provider].map((part) => part ?? '').join(' ');
    const kind = this.#kinds.get(key) ?? { examples: [], isSaved: false };
    const isKnown = kind.examples.some(
      ({ attemptId, atMs }) => attemptId === example.attemptId && atMs === example.atMs,
    );
    if (isKnown) return;
    kind.examples.push(example);
    kind.examples.sort((a, b) => a.atMs - b.atMs);
    if (kind.examples.length > PER_KIND) kind.examples.shift();
    kind.isSaved = false;
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    this.#forgotten.delete(key);
    if (this.#kinds.size <= MOST_KINDS) return;
    const oldest = this.#kinds.keys().next().value as string;
    this.#kinds.delete(oldest);
    this.#forgotten.add(oldest);
  }

  last({ sinceMs, untilMs, labels, limit }: FailureQuestion): readonly FailureExample[] {
    const candidates = [...this.#kinds.values()]
      .map(({ examples }) =>
        examples
          .filter((example) => example.atMs >= sinceMs && example.atMs <= untilMs && isOf(example, labels))
          .reverse(),
      )
      .filter((examples) => examples.length > 0);
    // The newest of every kind, then the second newest of every kind, and so on.
    const chosen: FailureExample[] = [];
    for (let round = 0; round < PER_KIND && chosen.length < limit; round++) {
      const next = candidates.flatMap((examples) => examples.slice(round, round + 1));
      chosen.push(...next.sort((a, b) => b.atMs - a.atMs).slice(0, limit - chosen.length));
    }
    return chosen.sort((a, b) => b.atMs - a.atMs);
  }

  /** Writes what is new to the ledger. Rejects with `StoreError`; what could not be written is tried again the next time. */
  async save(): Promise<void> {
    const changed = [...this.#kinds].filter(([, { isSaved }]) => !isSaved);
    const forgotten = [...this.#forgotten];
    if (this.#ledger === undefined || changed.length + forgotten.length === 0) return;
    const batch: Batch = this.#ledger.batch();
    for (const [key, kind] of changed) {
      batch.put(SHELF, key, [...kind.examples]);
      kind.isSaved = true;
    }
    for (const key of forgotten) batch.remove(SHELF, key);
    this.#forgotten.clear();
    try {
      await batch.commit();
    } catch (error) {
      for (const [, kind] of changed) kind.isSaved = false;
      for (const key of forgotten) if (!this.#kinds.has(key)) this.#forgotten.add(key);
      throw error;
    }
  }
}

/** A label that the example does not have says nothing against it. */
function isOf(example: FailureExample, labels: Readonly<Record<string, string>>): boolean {
  const own: Readonly<Record<string, string | undefined>> = {
    step: example.step,
    provider: example.provider,
    method: example.method,
    reason: example.reason,
    channel: example.channel,
    region: example.region,
    version: example.version,
  };
  return Object.entries(labels).every(([name, value]) => own[name] === undefined || own[name] === value);
}
