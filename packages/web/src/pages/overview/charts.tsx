import { useEffect, useState } from 'preact/hooks';
import { TimeChart } from '../../charts/time-chart.tsx';
import { fetchRange } from '../../series/fetch-range.ts';
import { alignToGrid, type ChartData, spansOf, stepFor } from '../../series/range-answer.ts';
import type { PartProps } from './overview-page.tsx';

const RANGES = { '15m': 900, '1h': 3_600, '6h': 21_600, '24h': 86_400, '7d': 604_800 } as const;
type Range = keyof typeof RANGES;

/** How often the charts are drawn anew. */
const REFRESH_MS = 15_000;

interface Panel {
  readonly title: string;
  readonly query: (window: string) => string;
  readonly name: (metric: Readonly<Record<string, string>>) => string;
  readonly factor?: number;
  readonly colours: readonly string[];
  readonly format: (value: number) => string;
  readonly level?: number;
  readonly floor?: number;
  readonly ceiling?: number;
  /** What it means that there is nothing to draw. */
  readonly empty?: string;
}

/** The charts over a range that is kept in the address, so that a link shows what its sender saw. */
export function Charts({ state, words, formats }: PartProps) {
  const [range, setRange] = useState<Range>(rangeInUrl);
  const choose = (next: Range) => {
    const url = new URL(location.href);
    url.searchParams.set('range', next);
    history.replaceState(null, '', url);
    setRange(next);
  };
  const outcomes: Readonly<Record<string, string>> = {
    success: words.succeeded,
    failure: words.failedTechnically,
    abandoned: words.givenUp,
    declined: words.declinedByCustomer,
  };
  const panels: readonly Panel[] = [
    {
      title: words.checkouts,
      query: (window) =>
        `60 * sum by (outcome) (rate(checkout_outcomes_total{outcome!="failure"}[${window}])) or 60 * sum by (outcome) (rate(checkout_outcomes_total{outcome="failure",reason_class="technical"}[${window}])) or label_replace(60 * sum(rate(checkout_outcomes_total{outcome="failure",reason_class!="technical"}[${window}])), "outcome", "declined", "", "")`,
      name: (metric) => outcomes[metric.outcome ?? ''] ?? metric.outcome ?? '',
      colours: ['series-6', 'series-3', 'series-2', 'series-1'],
      format: (value) => formats.perMinute(value),
      floor: 0,
    },
    {
      title: words.chartSuccess,
      query: (window) =>
        `sum(rate(checkout_outcomes_total{outcome="success"}[${window}])) / (sum(rate(checkout_outcomes_total{outcome="success"}[${window}])) + (sum(rate(checkout_outcomes_total{outcome="failure",reason_class="technical"}[${window}])) or vector(0)))`,
      name: () => words.successRate,
      colours: ['series-1'],
      format: (value) => formats.percent(value),
      ...(state.overview === null ? {} : { level: state.overview.objectives.successRate }),
      floor: 0.5,
      ceiling: 1,
    },
    {
      title: words.chartErrors,
      query: (window) =>
        `topk(6, 60 * sum by (step, provider) (rate(checkout_outcomes_total{outcome="failure",reason_class="technical"}[${window}])) > 0)`,
      name: (metric) =>
        [metric.step, metric.provider].filter((part) => part !== undefined && part !== '').join(' · ') || '–',
      colours: ['series-2', 'series-3', 'series-5', 'series-4', 'series-1', 'series-6'],
      format: (value) => formats.perMinute(value),
      floor: 0,
      empty: words.noFailures,
    },
    {
      title: words.chartSteps,
      query: (window) =>
        `histogram_quantile(0.95, sum by (step, le) (rate(checkout_step_duration_seconds_bucket[${window}])))`,
      name: (metric) => metric.step ?? '',
      colours: ['series-1', 'series-4', 'series-3', 'series-5', 'series-2', 'series-6'],
      format: (value) => formats.seconds(value),
      floor: 0,
    },
  ];
  return (
    <section aria-label={words.range}>
      <div class="bar">
        <h2>{words.overTime}</h2>
        <span class="small">{words.firingSpan}</span>
        <fieldset class="segments" aria-label={words.range} style={{ margin: 0, padding: 0 }}>
          {(Object.keys(RANGES) as Range[]).map((name) => (
            <button type="button" key={name} aria-pressed={name === range} onClick={() => choose(name)}>
              {name}
            </button>
          ))}
        </fieldset>
      </div>
      <div class="grid two">
        {panels.map((panel) => (
          <ChartCard key={panel.title} panel={panel} range={range} words={words} formats={formats} state={state} />
        ))}
      </div>
    </section>
  );
}

type Loaded =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'loaded'; readonly data: ChartData; readonly spans: readonly (readonly [number, number])[] };

function ChartCard({ panel, range, words, formats }: PartProps & { panel: Panel; range: Range }) {
  const [loaded, setLoaded] = useState<Loaded>({ kind: 'loading' });
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      const stepSeconds = stepFor(RANGES[range]);
      const endSeconds = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds;
      const grid = { startSeconds: endSeconds - RANGES[range], endSeconds, stepSeconds };
      const window = `${Math.max(60, 4 * stepSeconds)}s`;
      try {
        const [answer, alerts] = await Promise.all([
          fetchRange(panel.query(window), grid, abort.signal),
          fetchRange('count(ALERTS{alertstate="firing",severity="page"})', grid, abort.signal),
        ]);
        setLoaded({
          kind: 'loaded',
          data: alignToGrid(answer, grid, panel.name, panel.factor),
          spans: spansOf(alerts, stepSeconds),
        });
      } catch (error) {
        if (!abort.signal.aborted) setLoaded({ kind: 'failed', message: (error as Error).message });
      }
    };
    void load();
    const timer = setInterval(() => void load(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [range, panel.title, panel.level]);

  return (
    <div class="card">
      <h2>{panel.title}</h2>
      {loaded.kind === 'loaded' && loaded.data.lines.length > 0 ? (
        <TimeChart
          data={loaded.data}
          spans={loaded.spans}
          colours={panel.colours}
          format={panel.format}
          formatTime={formats.time}
          formatTick={formats.tick}
          timeZone={formats.timeZone}
          level={panel.level}
          floor={panel.floor}
          ceiling={panel.ceiling}
          label={panel.title}
        />
      ) : (
        <div class="chart">
          <div class="state" role="status">
            {loaded.kind === 'loading' && words.chartLoading}
            {loaded.kind === 'failed' && `${words.chartFailed}: ${loaded.message}`}
            {loaded.kind === 'loaded' && (panel.empty ?? words.chartEmpty)}
          </div>
        </div>
      )}
    </div>
  );
}

function rangeInUrl(): Range {
  const given = new URLSearchParams(location.search).get('range') ?? '';
  return given in RANGES ? (given as Range) : '1h';
}
