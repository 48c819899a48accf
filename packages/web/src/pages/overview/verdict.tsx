import type { CheckoutOverview } from '../../api/index.ts';
import type { PartProps } from './overview-page.tsx';

const ICONS = { good: '●', warning: '▲', bad: '■', unknown: '○' } as const;

/** How the checkout is doing, in one sentence, and what it costs while it is not doing well. */
export function Verdict({ overview, words, formats }: PartProps & { overview: CheckoutOverview }) {
  const { tone, sentence } = overview.verdict;
  const { impact } = overview;
  return (
    <section class={`verdict tone-${tone}`} aria-live="polite">
      <div class={`word ink-${tone}`}>
        <span aria-hidden="true">{ICONS[tone]}</span>
        {words.tone[tone]}
      </div>
      <h1>{sentence}</h1>
      {impact !== null && (
        <div class="money">
          <div>
            <strong>≈ {formats.money(impact.lostMoney.mid, true)}</strong>
            <span>
              {words.lostSoFar}, {words.since} {formats.time(impact.sinceMs)} ({words.estimate}:{' '}
              {formats.money(impact.lostMoney.low, true)} – {formats.money(impact.lostMoney.high, true)})
            </span>
          </div>
          <div>
            <strong>
              ≈ {formats.count(impact.lostOrders.mid)} {words.orders}
            </strong>
            <span>
              {formats.count(impact.lostOrders.low)} – {formats.count(impact.lostOrders.high)}
            </span>
          </div>
          <div>
            <strong>≈ {formats.money(impact.moneyPerHour.mid, true)}</strong>
            <span>{words.perHour}</span>
          </div>
        </div>
      )}
    </section>
  );
}
