import type { LivePromotion } from '../../api/index.ts';
import { promotionWordsFor } from '../../words/promotion-words.ts';
import type { PartProps } from './overview-page.tsx';

/** A line about the promotion that is live or will be soon, with the way to its check and its report. */
export function PromotionNote({ promotion, state, formats }: PartProps & { promotion: LivePromotion }) {
  const { language } = state.shop;
  const words = promotionWordsFor(language);
  const { name, phase, fromMs, toMs, expectedFactor } = promotion;
  const factor = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(expectedFactor);
  const isLive = phase === 'live';
  return (
    <p class="promotion-note">
      <span class={`badge ${isLive ? 'good' : 'unknown'}`}>{words.phases[phase]}</span>
      <strong>{name}</strong>
      <span class="small">
        {words.expected}: {factor} {words.timesUsual} · {isLive ? words.endsIn : words.startsIn}{' '}
        {formats.duration((isLive ? toMs : fromMs) - state.nowMs)}
      </span>
      <a href="/?view=promotions">{isLive ? words.reportSoFar : words.readiness}</a>
    </p>
  );
}
