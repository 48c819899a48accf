import type { PromotionView } from '../../api/index.ts';
import type { PromotionPartProps } from './promotions-page.tsx';
import { ReadinessList } from './readiness-list.tsx';
import { Report } from './report.tsx';

const TONES = { ahead: 'unknown', live: 'good', over: 'unknown' } as const;

/** One promotion: when it is, what is expected, what is ready for it, what came of it. */
export function PromotionCard({ promotion, ...props }: PromotionPartProps & { promotion: PromotionView }) {
  const { calendar, words, formats } = props;
  const { name, phase, fromMs, toMs, expectedFactor, readiness, report } = promotion;
  const factor = new Intl.NumberFormat(calendar.shop.language, { maximumSignificantDigits: 3 }).format(expectedFactor);
  return (
    <article class="promotion" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <span class={`badge ${TONES[phase]}`}>{words.phases[phase]}</span>
        <p class="small">
          {formats.dateTime(fromMs)} – {formats.dateTime(toMs)} · {words.expected}: {factor} {words.timesUsual}
          {phase === 'ahead' && ` · ${words.startsIn} ${formats.duration(fromMs - calendar.nowMs)}`}
          {phase === 'live' && ` · ${words.endsIn} ${formats.duration(toMs - calendar.nowMs)}`}
        </p>
      </header>
      {report !== null && <Report report={report} {...props} />}
      {report === null && phase === 'over' && <p class="empty">{words.noReport}</p>}
      {readiness !== null && <ReadinessList readiness={readiness} isOpen={phase === 'ahead'} {...props} />}
    </article>
  );
}
