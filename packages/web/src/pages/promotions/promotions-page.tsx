import { useEffect, useMemo, useState } from 'preact/hooks';
import type { PromotionCalendar } from '../../api/index.ts';
import { type BudgetState, fetchBudgets, fetchCalendar } from '../../series/fetch-calendar.ts';
import { toggleTheme } from '../../theme/theme.ts';
import { createFormats, type Formats } from '../../words/format.ts';
import { type PromotionPageWords, promotionWordsFor } from '../../words/promotion-words.ts';
import { wordsFor } from '../../words/words.ts';
import { Budgets } from './budgets.tsx';
import { PromotionCard } from './promotion-card.tsx';

/** What every part of this page is given. */
export interface PromotionPartProps {
  readonly calendar: PromotionCalendar;
  readonly words: PromotionPageWords;
  readonly formats: Formats;
}

const REFRESH_MS = 60_000;

interface View {
  readonly calendar: PromotionCalendar | undefined;
  readonly budgets: readonly BudgetState[];
  /** What went wrong the last time; what was loaded before stays. */
  readonly error: string | undefined;
}

/** Planned surges: what is ready for those ahead, how the live one goes, what came of those that are over. */
export function PromotionsPage() {
  const [view, setView] = useState<View>({ calendar: undefined, budgets: [], error: undefined });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    const load = async () => {
      try {
        const [calendar, budgets] = await Promise.all([fetchCalendar(abort.signal), fetchBudgets(abort.signal)]);
        setView({ calendar, budgets, error: undefined });
      } catch (error) {
        if (!abort.signal.aborted) setView((before) => ({ ...before, error: (error as Error).message }));
      }
    };
    void load();
    const timer = setInterval(() => void load(), REFRESH_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [round]);

  const { calendar, budgets, error } = view;
  const language = calendar?.shop.language ?? navigator.language;
  const words = promotionWordsFor(language);
  const formats = useMemo(
    () => createFormats(calendar?.shop ?? { language, currency: 'EUR', timezone: 'UTC' }),
    [calendar?.shop.language, calendar?.shop.currency, calendar?.shop.timezone],
  );
  useEffect(() => {
    document.title = `${words.title} · ${calendar?.shop.name ?? 'Tillwatch'}`;
  }, [words, calendar?.shop.name]);

  return (
    <div class="page" lang={language}>
      <header class="top">
        <a class="brand" href="/">
          Tillwatch
        </a>
        <span class="shop">{calendar?.shop.name}</span>
        <span class="right">
          <a href="/">{words.back}</a>
          <button
            type="button"
            class="icon"
            onClick={toggleTheme}
            aria-label={wordsFor(language).theme}
            title={wordsFor(language).theme}
          >
            ◐
          </button>
        </span>
      </header>
      <main>
        <h1 class="page-title">{words.title}</h1>
        {error !== undefined && (
          <p class="notice" role="status">
            <strong>{words.failed}.</strong> {error}{' '}
            {calendar !== undefined && `${words.stale} ${formats.time(calendar.nowMs)}.`}{' '}
            <button type="button" onClick={() => setRound(round + 1)}>
              {words.retry}
            </button>
          </p>
        )}
        {calendar === undefined && error === undefined && <Loading text={words.loading} />}
        {calendar !== undefined && <Parts calendar={calendar} budgets={budgets} words={words} formats={formats} />}
      </main>
    </div>
  );
}

function Parts({ budgets, ...props }: PromotionPartProps & { budgets: readonly BudgetState[] }) {
  const { calendar, words } = props;
  return (
    <>
      {calendar.promotions.length === 0 && (
        <section class="card">
          <h2>{words.none}</h2>
          <p class="empty">{words.noneHint}</p>
        </section>
      )}
      {calendar.promotions.map((promotion) => (
        <PromotionCard key={`${promotion.name} ${promotion.fromMs}`} promotion={promotion} {...props} />
      ))}
      <Budgets budgets={budgets} {...props} />
    </>
  );
}

function Loading({ text }: { text: string }) {
  return (
    <div role="status" aria-label={text}>
      <p class="small">{text}</p>
      {[1, 2].map((i) => (
        <div class="skeleton" key={i} style={{ height: '220px', marginTop: '16px' }} />
      ))}
    </div>
  );
}
