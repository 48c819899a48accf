import { useEffect, useMemo, useState } from 'preact/hooks';
import type { LiveState, OverviewTone } from '../../api/index.ts';
import { followLiveState, type LiveView } from '../../live/live-client.ts';
import { Inbox } from '../../messages/inbox.tsx';
import { toggleTheme } from '../../theme/theme.ts';
import { createFormats, type Formats } from '../../words/format.ts';
import { type Words, wordsFor } from '../../words/words.ts';
import { AlertList } from './alert-list.tsx';
import { Charts } from './charts.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { Failing } from './failing.tsx';
import { Faults } from './faults.tsx';
import { Figures } from './figures.tsx';
import { Funnel } from './funnel.tsx';
import { PromotionNote } from './promotion-note.tsx';
import { Providers } from './providers.tsx';
import { TargetList } from './target-list.tsx';
import { Verdict } from './verdict.tsx';

/** What every part of the page is given. */
export interface PartProps {
  readonly state: LiveState;
  readonly words: Words;
  readonly formats: Formats;
}

/** The live overview: verdict, figures, charts, what is failing, what was said to whom. */
export function OverviewPage() {
  const [view, setView] = useState<LiveView>({ state: undefined, connection: 'connecting', receivedAtMs: undefined });
  useEffect(() => followLiveState('/api/tillwatch/live', setView), []);
  const { state } = view;
  const language = state?.shop.language ?? navigator.language;
  const words = wordsFor(language);
  const formats = useMemo(
    () => createFormats(state?.shop ?? { language, currency: 'EUR', timezone: 'UTC' }),
    [state?.shop.language, state?.shop.currency, state?.shop.timezone],
  );
  const tone: OverviewTone = view.connection === 'lost' ? 'unknown' : (state?.overview?.verdict.tone ?? 'unknown');
  useEffect(() => showTone(tone, words, state?.shop.name ?? ''), [tone, state?.shop.name]);

  return (
    <div class={`page tone-${tone}`} lang={language}>
      <header class="top">
        <span class="brand">
          <i class="dot" />
          Tillwatch
        </span>
        <span class="shop">{state?.shop.name}</span>
        <span class="right">
          {state !== undefined && <span class="clock">{formats.time(state.nowMs)}</span>}
          {state !== undefined && state.shop.name !== '' && <a href="/?view=promotions">{words.promotions}</a>}
          <a href="/query">{words.query}</a>
          <button type="button" class="icon" onClick={toggleTheme} aria-label={words.theme} title={words.theme}>
            ◐
          </button>
        </span>
      </header>
      <main>
        {view.connection === 'lost' && (
          <p class="notice" role="status">
            {state === undefined ? words.connecting : `${words.lost} ${formats.time(state.nowMs)}.`}
          </p>
        )}
        {state !== undefined && state.storeTrouble !== null && (
          <p class="notice" role="status">
            {words.storeTrouble[state.storeTrouble]}
          </p>
        )}
        {state === undefined ? (
          <Loading text={words.connecting} />
        ) : (
          <Parts state={state} words={words} formats={formats} />
        )}
      </main>
    </div>
  );
}

function Parts(props: PartProps) {
  const { state, words, formats } = props;
  const { overview } = state;
  return (
    <>
      {overview === null ? (
        <NoOverview {...props} />
      ) : (
        <>
          {overview.staleSinceMs !== null && (
            <p class="notice" role="status">
              <strong>
                {words.stale} {formats.time(overview.staleSinceMs)}.
              </strong>{' '}
              {words.staleHint}
            </p>
          )}
          <Verdict {...props} overview={overview} />
          {state.promotion !== null && <PromotionNote {...props} promotion={state.promotion} />}
          <Figures {...props} overview={overview} />
        </>
      )}
      <div class="grid two">
        {overview !== null && <Failing {...props} overview={overview} />}
        <AlertList {...props} />
      </div>
      <Charts {...props} />
      {overview !== null && (
        <div class="grid two">
          <Funnel {...props} overview={overview} />
          <Providers {...props} overview={overview} />
        </div>
      )}
      <div class="grid two">
        <DeliveryList {...props} />
        <TargetList {...props} />
      </div>
      {state.demo !== null && (
        <>
          <Faults {...props} demo={state.demo} />
          <div class="bar">
            <h2>{words.received}</h2>
          </div>
          <Inbox messages={state.demo.messages} words={words} formats={formats} />
        </>
      )}
    </>
  );
}

function NoOverview({ state, words }: PartProps) {
  const onFilesAlone = state.shop.name === '';
  return (
    <section class="verdict" aria-live="polite">
      <h1>{onFilesAlone ? words.noShop : words.overviewFailed}</h1>
      <p class="small">{onFilesAlone ? words.noShopHint : state.overviewError}</p>
    </section>
  );
}

function Loading({ text }: { text: string }) {
  return (
    <div role="status" aria-label={text}>
      <div class="skeleton" style={{ height: '132px', marginBottom: '20px' }} />
      <div class="grid figures">
        {[1, 2, 3, 4, 5, 6].map((i) => (
          <div class="skeleton" key={i} style={{ height: '128px' }} />
        ))}
      </div>
    </div>
  );
}

const TONE_COLOURS = { good: '#12a467', warning: '#d9941a', bad: '#d92d3a', unknown: '#8a8f98' } as const;

/** The tab says how the shop is doing, too. */
function showTone(tone: OverviewTone, words: Words, shop: string): void {
  document.title = `${words.tone[tone]} · ${shop === '' ? 'Tillwatch' : shop}`;
  const dot = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><circle cx='8' cy='8' r='7' fill='${TONE_COLOURS[tone]}'/></svg>`;
  document.getElementById('favicon')?.setAttribute('href', `data:image/svg+xml,${encodeURIComponent(dot)}`);
}
