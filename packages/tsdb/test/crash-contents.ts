// What the crash test's writer writes and its reader expects. Everything follows from the number of a batch.
import { Labels } from '@tillwatch/model';

export const TARGETS = 6;
export const TIME_STEP_MS = 1_000;
/** Old batches are deleted while others are written. */
export const RETENTION_MS = 1_500 * TIME_STEP_MS;
/** After so many batches of a target some of its series are replaced by others, as by a deployment. */
const GENERATION = 90;
/** For so many batches some series are there, and then away: long enough to rest. */
const STRETCH = 70;

/** A sample that a batch has; `undefined` for the end of a series. */
export type Written = readonly [labels: Labels, value: number | undefined];

/** Which target a batch is about, and how many batches of it came before. */
export function targetOf(number: number): { target: number; turn: number } {
  return { target: number % TARGETS, turn: Math.floor(number / TARGETS) };
}

export function timeOf(number: number): number {
  return (number + 1) * TIME_STEP_MS;
}

/** The samples of a batch. Some series miss some batches, some end and come back. */
export function samplesOf(number: number): Written[] {
  const { target, turn } = targetOf(number);
  const written: Written[] = [];
  for (let i = 0; i < 12 + 9 * target; i++) {
    if (misses(i, turn)) continue;
    const generation = i % 3 === 0 ? Math.floor(turn / GENERATION) : 0;
    const isEnd = ends(i, turn);
    if (isEnd && !hasBegun(i, turn, generation * GENERATION)) continue;
    written.push([labelsOf(target, i, generation), isEnd ? undefined : sampleOf(number, i)]);
  }
  return written;
}

function misses(i: number, turn: number): boolean {
  const isAway = i % 8 === 6 && Math.floor(turn / STRETCH) % 2 === 1;
  return isAway || (i % 5 === 4 && turn % 7 === i % 7);
}

function ends(i: number, turn: number): boolean {
  return i % 7 === 3 && turn % 11 === 5;
}

/** A series cannot end before it began. */
function hasBegun(i: number, turn: number, firstTurn: number): boolean {
  for (let earlier = firstTurn; earlier < turn; earlier++) if (!misses(i, earlier) && !ends(i, earlier)) return true;
  return false;
}

const known = new Map<string, Labels>();

function labelsOf(target: number, i: number, generation: number): Labels {
  const key = `${target} ${i} ${generation}`;
  let labels = known.get(key);
  if (labels === undefined) {
    labels = Labels.of({ __name__: 'crash', target: String(target), i: String(i), generation: String(generation) });
    known.set(key, labels);
  }
  return labels;
}

function sampleOf(number: number, i: number): number {
  if (i % 4 === 0) return number * (i + 1);
  if (i % 4 === 1) return Math.fround(Math.sin(number * 31 + i));
  return i % 4 === 2 ? 7 : number / 3;
}
