import { useMemo, useState } from 'preact/hooks';
import { TimeChart } from '../../charts/time-chart.tsx';
import type { QueryResult } from '../../series/fetch-query.ts';
import { seriesName, shortNames } from '../../series/query-answer.ts';
import { alignToGrid } from '../../series/range-answer.ts';
import type { Formats } from '../../words/format.ts';
import type { QueryPageWords } from '../../words/query-words.ts';

const COLOURS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'] as const;
/** When the colours are used up, lines are dashed and then dotted, so that none looks like another too soon. */
const STROKES = [
  { name: 'solid', dash: [] },
  { name: 'dashed', dash: [7, 4] },
  { name: 'dotted', dash: [2, 3] },
] as const;
const HEIGHT = 340;
const NO_SPANS: readonly (readonly [number, number])[] = [];

interface ResultGraphProps {
  readonly result: QueryResult & { readonly tab: 'graph' };
  readonly words: QueryPageWords;
  readonly formats: Formats;
  readonly language: string;
}

/** Lines over time, with a legend in which a line can be chosen to stand alone. */
export function ResultGraph({ result, words, formats, language }: ResultGraphProps) {
  const { drawn, grid } = result;
  const [alone, setAlone] = useState<number>();
  const [cursor, setCursor] = useState<number>();
  const metrics = drawn.answer.result.map(({ metric }) => metric);
  const names = useMemo(() => shortNames(metrics), [drawn]);
  const data = useMemo(() => alignToGrid(drawn.answer, grid, seriesName), [drawn, grid]);
  const shown = useMemo(
    () => (alone === undefined ? data : { seconds: data.seconds, lines: data.lines.slice(alone, alone + 1) }),
    [data, alone],
  );
  const format = useMemo(() => numberFormat(language), [language]);
  const notes = (
    <>
      {drawn.drawn < drawn.total && (
        <p class="small" role="status">
          {words.someDrawn(drawn.drawn, `${result.hasMore ? `${words.moreThan} ` : ''}${formats.count(result.count)}`)}
        </p>
      )}
      {drawn.histograms > 0 && <p class="small">{words.histogramsLeftOut(drawn.histograms)}</p>}
    </>
  );
  if (metrics.length === 0) {
    return drawn.histograms > 0 ? notes : <p class="empty">{words.noResultInRange}</p>;
  }
  const isWithinADay = grid.endSeconds - grid.startSeconds <= 86_400;
  const lines = alone === undefined ? shown.lines.map((_, i) => i) : [alone];
  const value = (line: number) => (cursor === undefined ? undefined : data.lines[line]?.values[cursor]);
  return (
    <>
      {notes}
      <TimeChart
        data={shown}
        spans={NO_SPANS}
        colours={lines.map(colourOf)}
        dashes={lines.map((line) => strokeOf(line).dash)}
        format={format}
        formatTime={formats.time}
        formatTick={formats.tick}
        timeZone={formats.timeZone}
        label={`${words.graphLabel}: ${drawn.drawn} ${words.rows}`}
        height={HEIGHT}
        hasLegend={false}
        onCursor={setCursor}
      />
      <p class="small cursor-time">
        {cursor === undefined || data.seconds[cursor] === undefined
          ? metrics.length > 1 && words.isolateHint
          : (isWithinADay ? formats.time : formats.dateTime)(data.seconds[cursor] * 1000)}
      </p>
      <ul class="query-legend">
        {names.map((name, i) => (
          <li key={i}>
            <button
              type="button"
              aria-pressed={alone === i}
              class={alone === undefined || alone === i ? '' : 'away'}
              title={seriesName(metrics[i]!)}
              onClick={() => setAlone(alone === i ? undefined : i)}
            >
              <i class={`line ${colourOf(i)} ${strokeOf(i).name}`} aria-hidden="true" />
              <span>{name}</span>
              {typeof value(i) === 'number' && <b>{format(value(i)!)}</b>}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function colourOf(line: number) {
  return COLOURS[line % COLOURS.length]!;
}

function strokeOf(line: number) {
  return STROKES[Math.floor(line / COLOURS.length) % STROKES.length]!;
}

/** Short on an axis: `1.2M`, `0.00034`, `3.4e-9`. */
function numberFormat(language: string): (value: number) => string {
  const plain = new Intl.NumberFormat(language, { maximumSignificantDigits: 5 });
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumSignificantDigits: 5 });
  const tiny = new Intl.NumberFormat(language, { notation: 'scientific', maximumSignificantDigits: 3 });
  return (value) => {
    const size = Math.abs(value);
    if (size >= 10_000) return compact.format(value);
    return (size !== 0 && size < 1e-5 ? tiny : plain).format(value);
  };
}
