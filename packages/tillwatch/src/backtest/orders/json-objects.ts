import { InputError } from '../input-error.ts';

/** One object of a file, with the line on which it begins, counted from 1. */
export interface JsonObject {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

const LONGEST_OBJECT = 4 << 20;

/**
 * Reads the objects of a JSON file as they come, however long the file is: those of an array, those of `data` in the answer of
 * an API (`{"object": "list", "data": […]}`), or one after the other (a line each, or not).
 * @throws {InputError} for what is no JSON
 */
export async function* jsonObjects(chunks: AsyncIterable<string>, file: string): AsyncGenerator<JsonObject> {
  const splitter = new Splitter(file);
  for await (const chunk of chunks) yield* splitter.take(chunk);
  splitter.end();
}

/** Finds where objects begin and end, by brackets and strings alone; what is in between is JSON's to read. */
class Splitter {
  readonly #file: string;
  /** What is open around the place that is read: `{` or `[`. */
  readonly #open: string[] = [];
  #isInString = false;
  #isEscaped = false;
  #line = 1;
  /** The object that is being read. */
  #text = '';
  #startLine = 1;
  /** How much is open around an object that is told: nothing, an array, or the `data` of an answer. */
  #depth: number | undefined;
  #isList = false;

  constructor(file: string) {
    this.#file = file;
  }

  *take(chunk: string): Generator<JsonObject> {
    let from = this.#depth === undefined ? -1 : 0;
    for (let i = 0; i < chunk.length; i++) {
      const char = chunk[i]!;
      if (char === '\n') this.#line++;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (char === '\\') this.#isEscaped = true;
        else if (char === '"') this.#isInString = false;
        continue;
      }
      if (char === '"') this.#isInString = true;
      else if (char === '{' || char === '[') {
        if (char === '[' && this.#depth === 0 && this.#open.length === 1 && this.#isDataOf(chunk, from, i)) {
          // The object turns out to be the answer of an API: what counts is in its list.
          this.#isList = true;
          this.#depth = undefined;
          from = -1;
        } else if (char === '{' && this.#depth === undefined && this.#isPlace()) {
          this.#depth = this.#open.length;
          this.#startLine = this.#line;
          this.#text = '';
          from = i;
        }
        this.#open.push(char);
      } else if (char === '}' || char === ']') {
        const opened = this.#open.pop();
        if (opened !== (char === '}' ? '{' : '[')) throw this.#error(`unexpected ${char}`);
        if (char === '}' && this.#depth === this.#open.length) {
          yield this.#object(this.#text + chunk.slice(from, i + 1));
          this.#depth = undefined;
          from = -1;
        }
      }
    }
    if (from === -1) return;
    this.#text += chunk.slice(from);
    if (this.#text.length > LONGEST_OBJECT) throw this.#error('an object of more than 4 MiB');
  }

  end(): void {
    if (this.#open.length > 0 || this.#isInString) throw this.#error('the file ends in the middle; is it whole?');
  }

  #isPlace(): boolean {
    const depth = this.#open.length;
    if (this.#isList) return depth === 2;
    return depth === 0 || (depth === 1 && this.#open[0] === '[');
  }

  #isDataOf(chunk: string, from: number, at: number): boolean {
    return /"data"\s*:\s*$/.test(this.#text.slice(-64) + chunk.slice(Math.max(from, at - 64), at));
  }

  #object(text: string): JsonObject {
    try {
      return { line: this.#startLine, value: JSON.parse(text) as Record<string, unknown> };
    } catch (cause) {
      throw new InputError({ file: this.#file, line: this.#startLine }, `no JSON: ${(cause as Error).message}`);
    }
  }

  #error(what: string): InputError {
    return new InputError({ file: this.#file, line: this.#line }, `no JSON: ${what}`);
  }
}
