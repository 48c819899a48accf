import type { PromotionReport, ReportFigure, ReportIncident } from '../../api/index.ts';
import { type Level, Timeline } from '../../charts/timeline.tsx';
import type { PromotionPartProps } from './promotions-page.tsx';

/** What came of a promotion: figures beside what was expected, orders over time, incidents. */
export function Report({ report, ...props }: PromotionPartProps & { report: PromotionReport }) {
  const { words, formats, calendar } = props;
  const { successRate, reachedFactor, expectedFactor, peak, worst, slowest } = report;
  const factor = new Intl.NumberFormat(calendar.shop.language, { maximumFractionDigits: 1 });
  return (
    <section class="report" aria-label={report.isOver ? words.report : words.reportSoFar}>
      <h3>{report.isOver ? words.report : words.reportSoFar}</h3>
      <div class="grid figures">
        <Figure
          name={words.orders}
          now={formats.count(report.orders.during)}
          against={compared(report.orders, formats.count, words)}
        />
        <Figure
          name={words.money}
          now={formats.money(report.money.during, true)}
          against={compared(report.money, (value) => formats.money(value, true), words)}
        />
        <Figure
          name={words.successRate}
          now={formats.percent(successRate.during)}
          tone={toneOf(successRate)}
          against={`${words.before} ${formats.percent(successRate.usual)} · ${words.objective} ${formats.percent(successRate.objective)}`}
        />
        <Figure
          name={words.factor}
          now={reachedFactor === null ? '–' : factor.format(reachedFactor)}
          against={`${words.expected} ${factor.format(expectedFactor)}`}
        />
      </div>
      <h4>{words.ordersPerMinute}</h4>
      <Timeline
        points={report.timeline}
        levels={levelsOf(report, words)}
        label={words.ordersPerMinute}
        format={formats.perMinute}
        formatTime={formats.dateTime}
      />
      <dl class="moments">
        {peak !== null && (
          <Moment
            name={words.peak}
            value={`${formats.perMinute(peak.value)} ${words.aboutOrders}`}
            atMs={peak.atMs}
            {...props}
          />
        )}
        {worst !== null && (
          <Moment name={words.worst} value={formats.percent(worst.value)} atMs={worst.atMs} {...props} />
        )}
        {slowest !== null && (
          <Moment
            name={words.slowest}
            value={`${formats.seconds(slowest.value)} · ${slowest.step}`}
            atMs={slowest.atMs}
            {...props}
          />
        )}
      </dl>
      <h4>{words.incidents}</h4>
      {report.incidents.length === 0 ? (
        <p class="empty">{words.noIncidents}</p>
      ) : (
        <ul class="list">
          {report.incidents.map((incident) => (
            <Incident key={incident.fromMs} incident={incident} untilMs={report.untilMs} {...props} />
          ))}
        </ul>
      )}
      <p class="small">{words.basis[report.basis ?? 'none']}</p>
    </section>
  );
}

function Figure({
  name,
  now,
  against,
  tone,
}: {
  name: string;
  now: string;
  against: string;
  tone?: string | undefined;
}) {
  return (
    <div class="figure">
      <h5>{name}</h5>
      <div class={`now ${tone === undefined ? '' : `ink-${tone}`}`}>{now}</div>
      <div class="small">{against}</div>
    </div>
  );
}

function Moment({ name, value, atMs, formats }: PromotionPartProps & { name: string; value: string; atMs: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} <span class="small">{formats.dateTime(atMs)}</span>
      </dd>
    </div>
  );
}

function Incident({
  incident,
  untilMs,
  words,
  formats,
}: PromotionPartProps & { incident: ReportIncident; untilMs: number }) {
  const { fromMs, toMs, alerts, lostOrders, lostMoney } = incident;
  return (
    <li>
      <div class="row">
        <strong>{formats.dateTime(fromMs)}</strong>
        <span>
          {formats.duration((toMs ?? untilMs) - fromMs)}
          {toMs === null && `, ${words.goesOn}`}
        </span>
        <span class="end ink-bad">
          ≈ {formats.count(lostOrders.mid)} {words.aboutOrders}, {formats.money(lostMoney.mid, true)} {words.lost}
        </span>
      </div>
      <div class="small">{alerts.join(' · ')}</div>
    </li>
  );
}

function compared(
  { expected, usual }: ReportFigure,
  write: (value: number) => string,
  words: PromotionPartProps['words'],
): string {
  return [
    expected === null ? '' : `${words.expected} ${write(expected)}`,
    usual === null ? '' : `${words.usual} ${write(usual)}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function toneOf({ during, objective }: PromotionReport['successRate']): 'good' | 'bad' | undefined {
  if (during === null) return undefined;
  return during >= objective ? 'good' : 'bad';
}

/** What was expected and what is usual, a minute. */
function levelsOf({ orders, timeline, untilMs }: PromotionReport, words: PromotionPartProps['words']): Level[] {
  const minutes = (untilMs - (timeline.timestampsMs[0] ?? untilMs)) / 60_000;
  if (minutes <= 0) return [];
  const level = (value: number | null, name: string): Level[] =>
    value === null ? [] : [{ value: value / minutes, name }];
  return [...level(orders.expected, words.expected), ...level(orders.usual, words.usual)];
}
