import { formatDuration } from '@tillwatch/model';
import { useEffect, useRef } from 'preact/hooks';
import { durationIn, type QueryAddress, type QueryTab } from '../../promql/query-address.ts';
import { fromWallClock, toWallClock } from '../../series/wall-clock.ts';
import type { QueryPageWords } from '../../words/query-words.ts';

const TABS: readonly QueryTab[] = ['table', 'graph'];
const RANGES = ['5m', '15m', '1h', '3h', '6h', '12h', '1d', '2d', '1w', '2w', '30d'] as const;

interface ControlsProps {
  readonly asked: QueryAddress;
  readonly timeZone: string;
  readonly words: QueryPageWords;
  /** Asks again with something changed. */
  readonly onChange: (change: Partial<QueryAddress>) => void;
}

/** Table or graph, and of which time. */
export function Controls({ asked, timeZone, words, onChange }: ControlsProps) {
  const { tab, rangeMs, endMs } = asked;
  const move = (direction: 1 | -1) => {
    const next = (endMs ?? Date.now()) + (direction * (tab === 'graph' ? rangeMs : 3_600_000)) / 2;
    onChange({ endMs: next >= Date.now() ? undefined : Math.round(next / 1000) * 1000 });
  };
  return (
    <div class="query-controls">
      <fieldset class="segments" aria-label={words.shownAs}>
        {TABS.map((name) => (
          <button type="button" key={name} aria-pressed={name === tab} onClick={() => onChange({ tab: name })}>
            {words[name]}
          </button>
        ))}
      </fieldset>
      {tab === 'graph' && <RangeField {...{ rangeMs, words, onChange }} />}
      <div class="field">
        <label for="query-end">{tab === 'graph' ? words.end : words.at}</label>
        <button type="button" class="icon" aria-label={words.earlier} title={words.earlier} onClick={() => move(-1)}>
          ‹
        </button>
        <input
          id="query-end"
          type="datetime-local"
          step="1"
          title={`${words.zone} ${timeZone}`}
          value={endMs === undefined ? '' : toWallClock(endMs, timeZone)}
          onChange={(event) => {
            const { value, validity } = event.currentTarget;
            const next = fromWallClock(value, timeZone);
            // While a year is typed it is one of the first centuries, and a field that is half empty is no time at all.
            if (validity.badInput || (next !== undefined && next < 0)) return;
            onChange({ endMs: next });
          }}
        />
        <button
          type="button"
          class="icon"
          aria-label={words.later}
          title={words.later}
          disabled={endMs === undefined}
          onClick={() => move(1)}
        >
          ›
        </button>
        <button type="button" aria-pressed={endMs === undefined} onClick={() => onChange({ endMs: undefined })}>
          {words.now}
        </button>
      </div>
      {tab === 'graph' && <StepField {...{ stepMs: asked.stepMs, words, onChange }} />}
    </div>
  );
}

function RangeField({ rangeMs, words, onChange }: Pick<ControlsProps, 'words' | 'onChange'> & { rangeMs: number }) {
  const written = RANGES.find((name) => durationIn(name) === rangeMs) ?? formatDuration(rangeMs);
  return (
    <div class="field">
      <label for="query-range">{words.range}</label>
      <select
        id="query-range"
        value={written}
        onChange={(event) => onChange({ rangeMs: durationIn(event.currentTarget.value)! })}
      >
        {(RANGES as readonly string[]).includes(written) ? null : <option key={written}>{written}</option>}
        {RANGES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </div>
  );
}

function StepField({
  stepMs,
  words,
  onChange,
}: Pick<ControlsProps, 'words' | 'onChange'> & { stepMs: number | undefined }) {
  const field = useRef<HTMLInputElement>(null);
  const written = stepMs === undefined ? '' : formatDuration(stepMs);
  useEffect(() => {
    field.current!.value = written;
  }, [written]);
  const read = (input: HTMLInputElement) => {
    const text = input.value.trim();
    const next = durationIn(text);
    const isWrong = text !== '' && next === undefined;
    input.setCustomValidity(isWrong ? `"${text}" ${words.notADuration}` : '');
    if (isWrong) input.reportValidity();
    else onChange({ stepMs: next });
  };
  return (
    <div class="field">
      <label for="query-step">{words.step}</label>
      <input
        id="query-step"
        ref={field}
        size={9}
        placeholder="auto"
        title={words.stepHint}
        autocomplete="off"
        onInput={(event) => event.currentTarget.setCustomValidity('')}
        onChange={(event) => read(event.currentTarget)}
      />
    </div>
  );
}
