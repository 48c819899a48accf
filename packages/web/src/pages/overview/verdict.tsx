import type { CheckoutOverview, OverviewMoney } from '../../api/index.ts';
import type { PartProps } from './overview-page.tsx';

const ICONS = { good: '●', warning: '▲', bad: '■', unknown: '○' } as const;

/** More currencies than these do not fit. */
const MOST_CURRENCIES = 3;

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
            <OtherMoney before={words.inOtherMoney} amounts={impact.converted} formats={formats} />
            <OtherMoney before={words.and} amounts={impact.otherMoney} formats={formats} />
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

function OtherMoney({
  before,
  amounts,
  formats,
}: Pick<PartProps, 'formats'> & { before: string; amounts: readonly OverviewMoney[] }) {
  if (amounts.length === 0) return null;
  const shown = amounts.slice(0, MOST_CURRENCIES);
  return (
    <span class="other-money">
      {before} {shown.map(({ currency, money }) => `≈ ${formats.moneyIn(currency, money.mid)}`).join(' · ')}
    </span>
  );
}
