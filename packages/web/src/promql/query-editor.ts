import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, linter, lintKeymap } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { parse, prettify } from '@tillwatch/promql/parse';

/** What an editor is made with. */
export interface QueryEditorOptions {
  readonly text: string;
  /** The name that a screen reader says. */
  readonly label: string;
  /** What stands there while the editor is empty. */
  readonly hint: string;
  /** Called on Enter; Shift and Enter begin a new line. */
  readonly onRun: () => void;
}

/** An editor of one PromQL expression: colours, completion from the server's own series, mistakes marked as they are made. */
export interface QueryEditor {
  text(): string;
  /** Replaces the whole text; can be undone like any other change. */
  setText(text: string): void;
  /** Lays the expression out over lines. Does nothing while it has a mistake. */
  format(): void;
  focus(): void;
  /** Takes the editor from the page and ends what it still asks the server. */
  destroy(): void;
}

/** Puts an editor into `host`. The one place that knows the editor library. */
export function createQueryEditor(host: HTMLElement, options: QueryEditorOptions): QueryEditor {
  const promql = new PromQLExtension().activateLinter(false).setComplete({
    remote: { url: '', httpMethod: 'POST', cache: { maxAge: 60_000 } },
    maxMetricsMetadata: 10_000,
  });
  const run = () => {
    options.onRun();
    return true;
  };
  const view = new EditorView({
    parent: host,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        EditorView.contentAttributes.of({ 'aria-label': options.label, spellcheck: 'false', autocapitalize: 'off' }),
        EditorView.lineWrapping,
        history(),
        drawSelection(),
        highlightSpecialChars(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ icons: false }),
        placeholder(options.hint),
        syntaxHighlighting(COLOURS),
        promql.asExtension(),
        linter(({ state }) => mistakesIn(state.doc.toString()), { delay: 400 }),
        THEME,
        // Below the completion list, in which Enter chooses; above the keymap in which it begins a line.
        Prec.high(
          keymap.of([
            { key: 'Enter', run },
            { key: 'Mod-Enter', run },
          ]),
        ),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
      ],
    }),
  });
  const replace = (text: string) =>
    view.dispatch({
      changes: { from: 0, to: view.state.doc.length, insert: text },
      selection: { anchor: text.length },
    });
  return {
    text: () => view.state.doc.toString(),
    setText: (text) => text !== view.state.doc.toString() && replace(text),
    format() {
      const result = parse(view.state.doc.toString());
      if (result.ok) replace(prettify(result.expr));
    },
    focus: () => view.focus(),
    destroy() {
      view.destroy();
      promql.destroy();
    },
  };
}

/** What the server would refuse, at its place and with its words: the parser is the same one. */
export function mistakesIn(text: string): Diagnostic[] {
  if (text.trim() === '') return [];
  const result = parse(text);
  if (result.ok) return [];
  return result.problems.map(({ at, severity, message, hint }) => ({
    from: at.from,
    to: Math.max(at.from, at.to),
    severity,
    message: hint === undefined ? message : `${message}\n${hint}`,
  }));
}

/** Design tokens, so that light and dark need no second set. */
const COLOURS = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: tags.number, color: 'var(--warning)' },
  { tag: tags.labelName, color: 'var(--series-4)' },
  { tag: tags.function(tags.variableName), color: 'var(--accent)' },
  { tag: [tags.operatorKeyword, tags.logicOperator, tags.modifier], color: 'var(--series-5)', fontWeight: '600' },
  { tag: tags.operator, color: 'var(--muted)' },
]);

const THEME = EditorView.theme({
  '&': { fontSize: '14px', backgroundColor: 'transparent', color: 'var(--ink)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', maxHeight: '40vh' },
  '.cm-content': { padding: '9px 2px', caretColor: 'var(--ink)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent) !important',
  },
  '&.cm-focused .cm-matchingBracket': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 20%, transparent)',
    outline: '1px solid var(--accent)',
  },
  '&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--bad-soft)' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-tooltip': {
    border: '1px solid var(--line)',
    borderRadius: '8px',
    backgroundColor: 'var(--card)',
    color: 'var(--ink)',
    boxShadow: '0 8px 24px rgb(0 0 0 / 18%)',
    overflow: 'hidden',
    maxWidth: 'min(640px, 92vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', maxHeight: '16em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--card)',
  },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal', marginLeft: '1em' },
  'li[aria-selected] .cm-completionDetail': { color: 'inherit' },
  '.cm-completionInfo': { padding: '8px 12px', fontSize: '13px', overflow: 'hidden' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap', padding: '6px 10px', fontFamily: 'var(--mono)', fontSize: '13px' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--bad)' },
});
