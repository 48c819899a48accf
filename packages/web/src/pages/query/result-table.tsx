import type { QueryResult } from '../../series/fetch-query.ts';
import { labelsOf, type Metric } from '../../series/query-answer.ts';
import type { Formats } from '../../words/format.ts';
import type { QueryPageWords } from '../../words/query-words.ts';

/** Of a range vector this many samples of a series are written out, the newest ones. */
const MOST_SAMPLES = 20;

interface ResultTableProps {
  readonly result: QueryResult & { readonly tab: 'table' };
  readonly words: QueryPageWords;
  readonly formats: Formats;
}

/** Values at one moment, exactly as the server wrote them. */
export function ResultTable({ result, words, formats }: ResultTableProps) {
  const { rows, type } = result;
  if (rows.length === 0) return <p class="empty">{words.noResult}</p>;
  return (
    <div class="scroll">
      <table class="query-table">
        <thead>
          <tr>
            <th scope="col">{type === 'scalar' || type === 'string' ? '' : words.series}</th>
            <th scope="col" class="number">
              {words.value}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ metric, values }, i) => (
            <tr key={i}>
              <td>{metric === undefined ? type : <SeriesLabels metric={metric} />}</td>
              <td class="number">
                {values.length > MOST_SAMPLES && (
                  <div class="small">{words.moreSamples(formats.count(values.length - MOST_SAMPLES))}</div>
                )}
                {values.slice(-MOST_SAMPLES).map(({ seconds, text }, at) => (
                  <div key={at}>
                    {text}
                    {seconds !== undefined && <span class="small"> @ {formats.time(seconds * 1000)}</span>}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A series with its labels easy to tell apart. */
function SeriesLabels({ metric }: { metric: Metric }) {
  const labels = labelsOf(metric);
  const name = metric.__name__ ?? '';
  return (
    <code class="series">
      {name !== '' && <strong>{name}</strong>}
      {(labels.length > 0 || name === '') && '{'}
      {labels.map(([label, value], i) => (
        <span key={label}>
          {i > 0 && ', '}
          <span class="label">{label}</span>=<span class="label-value">{JSON.stringify(value)}</span>
        </span>
      ))}
      {(labels.length > 0 || name === '') && '}'}
    </code>
  );
}
