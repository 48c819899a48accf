import type { BudgetState } from '../../series/fetch-calendar.ts';
import type { PromotionPartProps } from './promotions-page.tsx';

/** What is left of each error budget: those with least left come first. */
export function Budgets({
  budgets,
  calendar,
  words,
  formats,
}: PromotionPartProps & { budgets: readonly BudgetState[] }) {
  const rate = new Intl.NumberFormat(calendar.shop.language, { maximumFractionDigits: 1 });
  return (
    <section class="card">
      <h2>{words.budgets}</h2>
      {budgets.length === 0 ? (
        <p class="empty">{words.noBudget}</p>
      ) : (
        <ul class="list">
          {budgets.map(({ objective, remaining, burnRate }) => {
            const left = remaining ?? 0;
            return (
              <li key={objective} class="budget">
                <strong>{objective}</strong>
                <span class="meter" aria-hidden="true">
                  <i
                    style={{
                      width: `${Math.max(0, Math.min(1, left)) * 100}%`,
                      background: `var(--${toneOf(left)})`,
                    }}
                  />
                </span>
                <span class={remaining === null ? 'small' : `ink-${toneOf(left)}`}>
                  {told(remaining, words, formats)}
                </span>
                {burnRate !== null && (
                  <span class="small">
                    {words.burns} {rate.format(burnRate)}×
                  </span>
                )}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function told(
  remaining: number | null,
  words: PromotionPartProps['words'],
  formats: PromotionPartProps['formats'],
): string {
  if (remaining === null) return words.noBudget;
  return remaining <= 0 ? words.spent : `${formats.percent(remaining)} ${words.left}`;
}

function toneOf(remaining: number): 'good' | 'warning' | 'bad' {
  return remaining <= 0 ? 'bad' : remaining < 0.25 ? 'warning' : 'good';
}
