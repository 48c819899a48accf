import { runTillwatch } from './tillwatch-process.ts';

/** What `tillwatch demo drill --json` prints. */
export interface DrillReport {
  readonly fault: string;
  readonly detected: boolean;
  readonly secondsToSlack: number | null;
  readonly secondsToEmail: number | null;
  readonly paged: boolean;
  readonly receivers: readonly string[];
  readonly named: Readonly<Record<string, string>>;
  readonly money: { readonly lost: number | null; readonly perHour: number | null; readonly currency: string };
  readonly resolved: boolean | null;
  readonly falseAlarms: number;
  readonly messages: readonly string[];
}

/** A drill takes minutes: customers shop, something breaks, people are told, it heals, and all is clear again. */
export const DRILL_MS = 25 * 60_000;

export async function drill(fault: string, ...flags: string[]): Promise<{ code: number | null; report: DrillReport }> {
  const { code, out, err } = await runTillwatch(['demo', 'drill', fault, '--json', ...flags], DRILL_MS);
  if (!out.startsWith('{')) throw new Error(`the drill printed no result (exit code ${code}):\n${err}`);
  return { code, report: JSON.parse(out) as DrillReport };
}
