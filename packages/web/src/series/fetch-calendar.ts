import type { PromotionCalendar } from '../api/index.ts';

/** What is left of an error budget, and how fast it burns; `null` where nothing was measured. */
export interface BudgetState {
  readonly objective: string;
  /** A share of the whole budget; below 0 when more than that is spent. */
  readonly remaining: number | null;
  /** Over the last hour, as a multiple of what the objective allows. */
  readonly burnRate: number | null;
}

/** Asks for the calendar of promotions. Rejects with the server's own words. */
export async function fetchCalendar(signal: AbortSignal): Promise<PromotionCalendar> {
  const response = await fetch('/api/tillwatch/promotions', { signal });
  const answer = (await response.json()) as PromotionCalendar & { readonly error?: string };
  if (!response.ok) throw new Error(answer.error ?? `${response.status}`);
  return answer;
}

interface VectorAnswer {
  readonly data?: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
}

/** Asks for every error budget, those with least left first. */
export async function fetchBudgets(signal: AbortSignal): Promise<BudgetState[]> {
  const ask = async (query: string) => {
    const response = await fetch(`/api/v1/query?${new URLSearchParams({ query })}`, { signal });
    const { data } = (await response.json()) as VectorAnswer;
    return new Map(data?.result.map(({ metric, value }) => [metric.objective ?? '', Number(value[1])]));
  };
  const [remaining, burning] = await Promise.all([
    ask('objective:budget_remaining:ratio'),
    ask('objective:burn_rate:1h'),
  ]);
  return budgetStates(remaining, burning);
}

/** One state for each objective that either map knows, those with least left first. */
export function budgetStates(
  remaining: ReadonlyMap<string, number>,
  burning: ReadonlyMap<string, number>,
): BudgetState[] {
  const known = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? null : value);
  return [...new Set([...remaining.keys(), ...burning.keys()])]
    .map((objective) => ({
      objective,
      remaining: known(remaining.get(objective)),
      burnRate: known(burning.get(objective)),
    }))
    .sort((a, b) => (a.remaining ?? 2) - (b.remaining ?? 2) || (a.objective < b.objective ? -1 : 1));
}
