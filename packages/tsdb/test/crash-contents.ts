/** What the crash test's writer writes and its reader expects. */
export const SERIES = 40;
export const TIME_STEP_MS = 1000;

export function sampleOf(number: number, series: number): number {
  return Math.fround(Math.sin(number * 31 + series)) * (series % 3 === 0 ? 1 : number);
}
