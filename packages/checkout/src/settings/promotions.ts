import { instantOf } from '../promotion/zoned-time.ts';
import type { ReportProblem } from './report-problem.ts';
import type { WrittenConfig } from './schema.ts';
import type { Promotion } from './tillwatch-config.ts';

/** The promotions of a tillwatch.yaml without errors, the earliest first. */
export function settlePromotions(written: WrittenConfig): Promotion[] {
  const { timezone } = written.shop;
  return written.promotions
    .map(({ name, from, to, expectedFactor, ramp }) => {
      const fromMs = instantOf(from, timezone) ?? Number.NaN;
      const toMs = instantOf(to, timezone) ?? Number.NaN;
      return { name, fromMs, toMs, expectedFactor, rampMs: Math.min(ramp, Math.floor((toMs - fromMs) / 2)) };
    })
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** Reports times that do not exist, promotions that end before they start, share a name or overlap, and those long past. */
export function checkPromotions(written: WrittenConfig, reportProblem: ReportProblem, nowMs: number | undefined): void {
  const { timezone } = written.shop;
  const indexOfName = new Map<string, number>();
  const settled = written.promotions.map((promotion, i) => {
    for (const end of ['from', 'to'] as const) {
      if (instantOf(promotion[end], timezone) !== undefined) continue;
      reportProblem(
        ['promotions', i, end],
        'promotion-time',
        `this time never comes in ${timezone}: the clocks are put forward over it`,
        'write the time an hour later, or add an offset such as +01:00',
      );
    }
    const known = indexOfName.get(promotion.name);
    if (known !== undefined) {
      reportProblem(
        ['promotions', i, 'name'],
        'duplicate-name',
        `there are two promotions named "${promotion.name}"`,
        'messages and reports name them: give each its own name, such as "Sale, week 2"',
      );
    }
    indexOfName.set(promotion.name, known ?? i);
    return { ...promotion, fromMs: instantOf(promotion.from, timezone), toMs: instantOf(promotion.to, timezone) };
  });

  settled.forEach(({ name, fromMs, toMs }, i) => {
    if (fromMs === undefined || toMs === undefined) return;
    if (toMs <= fromMs) {
      reportProblem(
        ['promotions', i, 'to'],
        'promotion-order',
        `the promotion "${name}" ends before it starts`,
        'swap from and to',
      );
      return;
    }
    const other = settled.slice(0, i).find((one) => (one.fromMs ?? toMs) < toMs && fromMs < (one.toMs ?? fromMs));
    if (other !== undefined) {
      reportProblem(
        ['promotions', i],
        'promotion-overlap',
        `the promotions "${other.name}" and "${name}" overlap; while they do, the larger expected factor counts`,
        'if that is what you mean, leave it; the factors are not multiplied',
        'warning',
      );
    }
    if (nowMs !== undefined && toMs + written.retention < nowMs) {
      reportProblem(
        ['promotions', i],
        'promotion-past',
        `the promotion "${name}" is over for longer than samples are kept, so nothing can be told about it any more`,
        'take it out, or correct the year',
        'warning',
      );
    }
  });
}
