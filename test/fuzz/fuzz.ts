import { inputOf } from './inputs.ts';
import { mustBeUnpolluted } from './laws.ts';
import { must, type Subject } from './subject.ts';

/** What came of many inputs. */
export interface FuzzResult {
  readonly accepted: number;
  readonly refused: number;
  /** The input that took longest, ms. */
  readonly slowestMs: number;
  readonly slowestNumber: number;
  readonly failures: readonly FuzzFailure[];
}

/** An input that did what none must do. */
interface FuzzFailure {
  readonly number: number;
  readonly input: string;
  readonly error: Error;
}

/** So many failures of one parser are enough to go on with. */
const MOST_FAILURES = 5;

/** Reads `inputs` inputs from number `from` on. `onInput` is told the number of each before it is read. */
export async function fuzz(
  subject: Subject,
  options: {
    readonly seed: number;
    readonly from?: number;
    readonly inputs: number;
    readonly onInput?: (number: number) => void;
  },
): Promise<FuzzResult> {
  const { seed, from = 0, inputs, onInput } = options;
  let accepted = 0;
  let refused = 0;
  let slowestMs = 0;
  let slowestNumber = from;
  const failures: FuzzFailure[] = [];
  const seen = new Set<string>();
  const close = await subject.open?.();
  try {
    for (let number = from; number < from + inputs; number++) {
      onInput?.(number);
      const input = inputOf(subject, seed, number);
      const startMs = performance.now();
      try {
        const answer = subject.check(input);
        const isAccepted = typeof answer === 'boolean' ? answer : await answer;
        if (isAccepted) accepted++;
        else refused++;
        must(isAccepted || number >= subject.seeds.length, 'a seed is refused');
        mustBeUnpolluted();
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        // The same complaint about many inputs is one.
        const about = `${error.name} ${error.message.slice(0, 24)} ${error.stack?.split('\n    at ')[1] ?? ''}`;
        if (!seen.has(about)) failures.push({ number, input, error });
        seen.add(about);
        if (failures.length >= MOST_FAILURES) break;
      }
      const tookMs = performance.now() - startMs;
      if (tookMs > slowestMs) [slowestMs, slowestNumber] = [tookMs, number];
    }
  } finally {
    await close?.();
  }
  return { accepted, refused, slowestMs, slowestNumber, failures };
}
