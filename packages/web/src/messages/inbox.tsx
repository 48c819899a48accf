import { useState } from 'preact/hooks';
import type { DemoMessage } from '../api/index.ts';
import type { Formats } from '../words/format.ts';
import type { Words } from '../words/words.ts';
import { SlackMessage } from './slack-message.tsx';

interface Common {
  readonly words: Words;
  readonly formats: Formats;
}

/** What the demo's local Slack and mail servers received, newest first. */
export function Inbox({ messages, ...common }: Common & { messages: readonly DemoMessage[] }) {
  if (messages.length === 0) return <p class="empty">{common.words.noMessages}</p>;
  return (
    <div class="inbox">
      {messages.map((message) =>
        message.kind === 'slack' ? (
          <SlackCard key={message.id} message={message} {...common} />
        ) : (
          <MailCard key={message.id} message={message} {...common} />
        ),
      )}
    </div>
  );
}

function SlackCard({ message, words, formats }: Common & { message: DemoMessage & { kind: 'slack' } }) {
  const [tab, setTab] = useState<'shown' | 'json'>('shown');
  const tabs = [
    ['shown', words.asShown],
    ['json', words.rawJson],
  ] as const;
  return (
    <article class="message">
      <header>
        <span class="badge">Slack</span>
        <strong>#{decodeURIComponent(message.path.split('/').at(-1) ?? '')}</strong>
        <span>{formats.time(message.receivedAtMs)}</span>
        <Tabs tabs={tabs} tab={tab} onTab={setTab} />
      </header>
      <div class="body">
        {tab === 'shown' ? <SlackMessage body={message.body} /> : <pre>{JSON.stringify(message.body, null, 2)}</pre>}
      </div>
    </article>
  );
}

function MailCard({ message, words, formats }: Common & { message: DemoMessage & { kind: 'email' } }) {
  const [tab, setTab] = useState<'html' | 'text' | 'source'>('html');
  const tabs = [
    ['html', words.html],
    ['text', words.text],
    ['source', words.source],
  ] as const;
  return (
    <article class="message">
      <header>
        <span class="badge">E-mail</span>
        <span>
          {words.to} {message.to}
        </span>
        <span>{formats.time(message.receivedAtMs)}</span>
        <Tabs tabs={tabs} tab={tab} onTab={setTab} />
        <strong>{message.subject}</strong>
      </header>
      {tab === 'html' && message.html !== '' ? (
        // No scripts, no forms, no navigation of this page: a message is looked at, never run.
        <iframe sandbox="" srcdoc={message.html} title={message.subject} />
      ) : (
        <div class="body">
          <pre>{tab === 'source' ? message.source : message.text}</pre>
        </div>
      )}
    </article>
  );
}

function Tabs<T extends string>({
  tabs,
  tab,
  onTab,
}: {
  tabs: readonly (readonly [T, string])[];
  tab: T;
  onTab: (tab: T) => void;
}) {
  return (
    <span class="tabs">
      {tabs.map(([name, title]) => (
        <button type="button" key={name} aria-pressed={tab === name} onClick={() => onTab(name)}>
          {title}
        </button>
      ))}
    </span>
  );
}
