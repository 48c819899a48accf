// Reads as many inputs as one likes with every parser: `npm run fuzz -- --inputs 1000000`.
//   --inputs N       all in all (default 100,000); each parser gets its share
//   --seed N         other inputs (default 1)
//   --only NAME      one parser
//   --from N         begin with this input, to repeat what a failure names
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type FuzzResult, fuzz } from './fuzz.ts';
import { subjects } from './subjects.ts';

interface Work {
  readonly name: string;
  readonly seed: number;
  readonly from: number;
  readonly inputs: number;
  /** Where the number of the input that is being read stands. */
  readonly number: SharedArrayBuffer;
}

/** An input that takes longer has no end. */
const LONGEST_MS = 60_000;
/** Stands for the number of an input before the first is read. */
const NOT_BEGUN = -1;
/** A parser that needs more memory than this for inputs of some KiB has no bounds. */
const MOST_HEAP_MIB = 512;

/** Threads do not inherit what reads TypeScript, so it is asked for there. */
const IN_THREAD = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(import.meta.url)}); })`;

if (isMainThread) await main();
else await work(workerData as Work);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      from: { type: 'string', default: '0' },
    },
  });
  const chosen = subjects.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0)
    throw new Error(`there is no parser "${values.only}"; there are: ${subjects.map(({ name }) => name).join(', ')}`);
  const shares = chosen.reduce((sum, { share = 1 }) => sum + share, 0);
  let total = 0;
  let failures = 0;
  console.log('parser                     inputs   accepted    refused   inputs/s   slowest, ms (input)');
  for (const { name, share = 1 } of chosen) {
    const inputs = Math.ceil((Number(values.inputs) * share) / shares);
    const startMs = performance.now();
    const result = await inWorker({
      name,
      seed: Number(values.seed),
      from: Number(values.from),
      inputs,
      number: new SharedArrayBuffer(4),
    });
    const read = result.accepted + result.refused;
    total += read;
    const cells = [
      name.padEnd(24),
      ...[read, result.accepted, result.refused, Math.round((1_000 * read) / (performance.now() - startMs))].map(
        (count) => count.toLocaleString('en').padStart(10),
      ),
      `${result.slowestMs.toFixed(1).padStart(10)} (${result.slowestNumber})`,
    ];
    console.log(cells.join(' '));
    for (const { number, input, error } of result.failures) {
      failures++;
      console.log(
        `  FAILED at input ${number}: ${error.stack ?? error.message}\n  ${JSON.stringify(input.slice(0, 400))}`,
      );
      console.log(`  again: npm run fuzz -- --only '${name}' --seed ${values.seed} --from ${number} --inputs 1`);
    }
  }
  console.log(`${total.toLocaleString('en')} inputs, ${failures} failures`);
  process.exitCode = failures === 0 ? 0 : 1;
}

/** In a thread of its own, so that an input without an end, or without bounds, can be told and given up. */
function inWorker(work: Work): Promise<FuzzResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(IN_THREAD, {
      eval: true,
      workerData: work,
      resourceLimits: { maxOldGenerationSizeMb: MOST_HEAP_MIB },
    });
    const current = new Int32Array(work.number);
    Atomics.store(current, 0, NOT_BEGUN);
    let last = NOT_BEGUN;
    const watch = setInterval(() => {
      const number = Atomics.load(current, 0);
      if (number === last && number !== NOT_BEGUN)
        give(new Error(`${work.name}: input ${number} of seed ${work.seed} has no end`));
      last = number;
    }, LONGEST_MS);
    const give = (outcome: FuzzResult | Error) => {
      clearInterval(watch);
      void worker.terminate();
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    worker.once('message', give);
    worker.once('error', (error) =>
      give(
        new Error(`${work.name}: input ${Atomics.load(current, 0)} of seed ${work.seed}: ${error.message}`, {
          cause: error,
        }),
      ),
    );
  });
}

async function work({ name, seed, from, inputs, number }: Work): Promise<void> {
  const subject = subjects.find((one) => one.name === name);
  if (subject === undefined) throw new Error(`there is no parser ${name}`);
  const current = new Int32Array(number);
  const result = await fuzz(subject, { seed, from, inputs, onInput: (at) => Atomics.store(current, 0, at) });
  parentPort?.postMessage(result);
}
