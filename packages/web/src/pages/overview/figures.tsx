import type { CheckoutOverview, OverviewRate } from '../../api/index.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { formatDelta } from '../../words/format.ts';
import type { PartProps } from './overview-page.tsx';

/** The key figures: now, before, and the way between. */
export function Figures({ overview, words, formats, state }: PartProps & { overview: CheckoutOverview }) {
  const { objectives } = overview;
  const figures: readonly {
    title: string;
    rate: OverviewRate;
    format: (value: number | null) => string;
    kind: 'share' | 'ratio';
    note?: string;
  }[] = [
    {
      title: words.successRate,
      rate: overview.successRate,
      format: formats.percent,
      kind: 'share',
      note: `${words.objective}: ${words.atLeast} ${formats.percent(objectives.successRate)}`,
    },
    {
      title: words.errorRate,
      rate: overview.errorRate,
      format: formats.percent,
      kind: 'share',
      note: `${words.objective}: ${words.atMost} ${formats.percent(objectives.errorRate)}`,
    },
    {
      title: words.p95,
      rate: overview.p95Seconds,
      format: formats.seconds,
      kind: 'ratio',
      note: `${words.objective}: ${words.atMost} ${formats.seconds(objectives.p95Seconds)}`,
    },
    { title: words.ordersPerMinute, rate: overview.ordersPerMinute, format: formats.perMinute, kind: 'ratio' },
    {
      title: words.moneyPerMinute,
      rate: overview.moneyPerMinute,
      format: (value) => formats.money(value),
      kind: 'ratio',
      ...(overview.otherMoneyPerMinute.length === 0
        ? {}
        : {
            note: `${words.and} ${overview.otherMoneyPerMinute
              .map(({ currency, now }) => formats.moneyIn(currency, now))
              .join(' · ')}`,
          }),
    },
    { title: words.attemptsPerMinute, rate: overview.attemptsPerMinute, format: formats.perMinute, kind: 'ratio' },
  ];
  return (
    <section class="grid figures" aria-label={words.successRate}>
      {figures.map(({ title, rate, format, kind, note }) => (
        <div class="card figure" key={title}>
          <h2>{title}</h2>
          <div class={`now ${rate.tone === 'bad' || rate.tone === 'warning' ? `ink-${rate.tone}` : ''}`}>
            {format(rate.now)}
          </div>
          <div class="small">
            {words.before} {format(rate.before)} {formatDelta(rate.now, rate.before, kind, state.shop.language)}
          </div>
          {note !== undefined && <div class="small">{note}</div>}
          <Sparkline points={rate.sparkline} tone={rate.tone} />
        </div>
      ))}
    </section>
  );
}
