import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type QueryAddress, readQueryAddress, writeQueryAddress } from '../../promql/query-address.ts';
import { loadHistory, remembered, saveHistory } from '../../promql/query-history.ts';
import { fetchQuery, type QueryResult } from '../../series/fetch-query.ts';
import '../../theme/query.css';
import { toggleTheme } from '../../theme/theme.ts';
import { createFormats, type Formats } from '../../words/format.ts';
import { type QueryPageWords, queryWordsFor } from '../../words/query-words.ts';
import { wordsFor } from '../../words/words.ts';
import { Controls } from './controls.tsx';
import { EditorBox, type EditorBoxHandle } from './editor-box.tsx';
import { ResultGraph } from './result-graph.tsx';
import { ResultTable } from './result-table.tsx';
import { useShop } from './use-shop.ts';

/** What became of the query that was asked last. */
type Outcome =
  | { readonly kind: 'nothing-asked' | 'canceled' }
  | { readonly kind: 'running'; readonly before: QueryResult | undefined }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'answered'; readonly result: QueryResult };

/** Something to begin with. */
const EXAMPLES = [
  'sum by (outcome) (rate(checkout_outcomes_total[5m])) * 60',
  'histogram_quantile(0.95, sum by (step, le) (rate(checkout_step_duration_seconds_bucket[5m])))',
  'ALERTS{alertstate="firing"}',
  'up',
] as const;

/** PromQL asked by hand: an editor, and the answer as a table or a graph. */
export function QueryPage() {
  const shop = useShop();
  const words = queryWordsFor(shop.language);
  const formats = useMemo(() => createFormats(shop), [shop]);
  const [asked, setAsked] = useState<QueryAddress>(() => readQueryAddress(location.search));
  const [round, setRound] = useState(0);
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'nothing-asked' });
  const [history, setHistory] = useState(() => loadHistory(localStorage));
  const editor = useRef<EditorBoxHandle>(null);
  const running = useRef<AbortController>(undefined);

  useEffect(() => {
    document.title = `${asked.expr === '' ? words.title : asked.expr.slice(0, 80)} · Tillwatch`;
  }, [words, asked.expr]);

  useEffect(() => {
    const back = () => {
      const address = readQueryAddress(location.search);
      editor.current?.setText(address.expr);
      setAsked(address);
    };
    window.addEventListener('popstate', back);
    return () => window.removeEventListener('popstate', back);
  }, []);

  useEffect(() => {
    if (asked.expr.trim() === '') return setOutcome({ kind: 'nothing-asked' });
    const abort = new AbortController();
    running.current = abort;
    setOutcome((last) => ({
      kind: 'running',
      before: last.kind === 'answered' ? last.result : last.kind === 'running' ? last.before : undefined,
    }));
    fetchQuery(asked, Date.now(), abort.signal).then(
      (result) => {
        if (abort.signal.aborted) return;
        setOutcome({ kind: 'answered', result });
        const next = remembered(loadHistory(localStorage), asked.expr);
        saveHistory(localStorage, next);
        setHistory(next);
      },
      (error: Error) => {
        if (abort.signal.aborted) return;
        setOutcome({ kind: 'failed', message: error instanceof TypeError ? words.unreachable : error.message });
      },
    );
    return () => abort.abort();
  }, [asked, round]);

  const ask = (change: Partial<QueryAddress> = {}) => {
    const next = { ...asked, expr: editor.current?.text() ?? asked.expr, ...change };
    const address = writeQueryAddress(next);
    if (address === writeQueryAddress(asked)) return setRound(round + 1);
    window.history.pushState(null, '', address);
    setAsked(next);
  };
  const take = (expr: string) => {
    editor.current?.setText(expr);
    ask({ expr });
  };
  const cancel = () => {
    running.current?.abort();
    setOutcome({ kind: 'canceled' });
  };

  return (
    <div class="page" lang={shop.language}>
      <header class="top">
        <a class="brand" href="/">
          Tillwatch
        </a>
        <span class="shop">{shop.name}</span>
        <span class="right">
          <a href="/">{words.back}</a>
          <ThemeButton label={wordsFor(shop.language).theme} />
        </span>
      </header>
      <main>
        <h1 class="page-title">{words.title}</h1>
        <section class="card query-form" aria-label={words.editor}>
          <EditorBox initialText={asked.expr} words={words} onRun={() => ask()} handle={editor} />
          <div class="query-bar">
            <Controls asked={asked} timeZone={shop.timezone} words={words} onChange={ask} />
            <div class="query-buttons">
              <button type="button" onClick={() => editor.current?.format()}>
                {words.format}
              </button>
              {outcome.kind === 'running' ? (
                <button type="button" class="primary" onClick={cancel}>
                  {words.cancel}
                </button>
              ) : (
                <button type="button" class="primary" onClick={() => ask()}>
                  {words.run}
                </button>
              )}
            </div>
          </div>
        </section>
        <section class="card query-result" aria-label={words[asked.tab]} aria-busy={outcome.kind === 'running'}>
          <Answer outcome={outcome} words={words} formats={formats} language={shop.language} onTake={take} />
        </section>
        {history.length > 0 && (
          <details class="card query-history">
            <summary>{words.history}</summary>
            <Choices queries={history} onTake={take} />
          </details>
        )}
      </main>
    </div>
  );
}

interface AnswerProps {
  readonly outcome: Outcome;
  readonly words: QueryPageWords;
  readonly formats: Formats;
  readonly language: string;
  readonly onTake: (expr: string) => void;
}

function Answer({ outcome, words, formats, language, onTake }: AnswerProps) {
  switch (outcome.kind) {
    case 'nothing-asked':
      return (
        <>
          <p class="empty">{words.empty}</p>
          <Choices queries={EXAMPLES} onTake={onTake} />
        </>
      );
    case 'canceled':
      return (
        <p class="empty" role="status">
          {words.canceled}
        </p>
      );
    case 'failed':
      return (
        <div role="alert">
          <strong class="ink-bad">{words.failed}</strong>
          <pre class="query-error">{outcome.message}</pre>
        </div>
      );
    case 'running':
      return (
        <>
          <p class="small" role="status">
            {words.running}
          </p>
          {outcome.before === undefined ? (
            <div class="skeleton tall" />
          ) : (
            <div class="outdated">
              <Result result={outcome.before} words={words} formats={formats} language={language} />
            </div>
          )}
        </>
      );
    case 'answered':
      return <Result result={outcome.result} words={words} formats={formats} language={language} />;
  }
}

function Result({
  result,
  words,
  formats,
  language,
}: Omit<AnswerProps, 'outcome' | 'onTake'> & { result: QueryResult }) {
  return (
    <>
      {result.warnings.map((warning) => (
        <p class="notice" key={warning}>
          <strong>{words.warning}:</strong> {warning}
        </p>
      ))}
      {result.infos.map((info) => (
        <p class="notice info" key={info}>
          <strong>{words.info}:</strong> {info}
        </p>
      ))}
      {result.tab === 'table' ? (
        <ResultTable result={result} words={words} formats={formats} />
      ) : (
        <ResultGraph result={result} words={words} formats={formats} language={language} />
      )}
      <p class="small query-foot">
        {result.hasMore && words.moreThan} {formats.count(result.count)} {words.rows} {words.took}{' '}
        {formats.seconds(result.tookMs / 1000)} ·{' '}
        {result.tab === 'table'
          ? `${words.at} ${formats.dateTime(result.atMs)}`
          : `${words.step} ${formats.duration(result.grid.stepSeconds * 1000)}`}{' '}
        · {words.zone} {formats.timeZone}
      </p>
    </>
  );
}

function Choices({ queries, onTake }: { queries: readonly string[]; onTake: (expr: string) => void }) {
  return (
    <ul class="query-choices">
      {queries.map((expr) => (
        <li key={expr}>
          <button type="button" onClick={() => onTake(expr)}>
            <code>{expr}</code>
          </button>
        </li>
      ))}
    </ul>
  );
}

function ThemeButton({ label }: { label: string }) {
  return (
    <button type="button" class="icon" onClick={toggleTheme} aria-label={label} title={label}>
      ◐
    </button>
  );
}
