import type { Ref } from 'preact';
import { useEffect, useImperativeHandle, useRef, useState } from 'preact/hooks';
import type { QueryEditor } from '../../promql/query-editor.ts';
import type { QueryPageWords } from '../../words/query-words.ts';

/** What the page does to the editor, loaded or not. */
export interface EditorBoxHandle {
  text(): string;
  setText(text: string): void;
  format(): void;
}

interface EditorBoxProps {
  readonly initialText: string;
  readonly words: QueryPageWords;
  readonly onRun: () => void;
  readonly handle: Ref<EditorBoxHandle>;
}

/** The editor, and a plain field of text until its library is there. */
export function EditorBox({ initialText, words, onRun, handle }: EditorBoxProps) {
  const host = useRef<HTMLDivElement>(null);
  const plain = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<QueryEditor>(undefined);
  const latestRun = useRef(onRun);
  latestRun.current = onRun;
  const [state, setState] = useState<'loading' | 'failed' | 'there'>('loading');

  useEffect(() => {
    let isGone = false;
    import('../../promql/query-editor.ts').then(
      ({ createQueryEditor }) => {
        if (isGone) return;
        const hadFocus = document.activeElement === plain.current || document.activeElement === document.body;
        editor.current = createQueryEditor(host.current!, {
          text: plain.current?.value ?? '',
          label: words.editor,
          hint: words.editorHint,
          onRun: () => latestRun.current(),
        });
        setState('there');
        if (hadFocus) editor.current.focus();
      },
      () => setState('failed'),
    );
    return () => {
      isGone = true;
      editor.current?.destroy();
    };
  }, []);

  useImperativeHandle(handle, () => ({
    text: () => editor.current?.text() ?? plain.current?.value ?? '',
    setText(text) {
      if (editor.current !== undefined) editor.current.setText(text);
      else if (plain.current !== null) plain.current.value = text;
    },
    format: () => editor.current?.format(),
  }));

  return (
    <div class="query-editor" ref={host}>
      {state !== 'there' && (
        <textarea
          ref={plain}
          rows={1}
          defaultValue={initialText}
          aria-label={words.editor}
          placeholder={words.editorHint}
          spellcheck={false}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return;
            event.preventDefault();
            onRun();
          }}
        />
      )}
      {state === 'failed' && <p class="small">{words.editorFailed}</p>}
    </div>
  );
}
