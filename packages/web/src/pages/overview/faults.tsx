import { useState } from 'preact/hooks';
import type { LiveDemo } from '../../api/index.ts';
import type { PartProps } from './overview-page.tsx';

/** The demo's switchboard. */
export function Faults({ demo, words }: PartProps & { demo: LiveDemo }) {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState('');
  const expectations = { page: words.expectPage, inform: words.expectInform, none: words.expectNone };
  const change = async (name: string, active: boolean) => {
    setBusy(name);
    setError('');
    try {
      const response = await fetch(`/api/tillwatch/demo/faults/${encodeURIComponent(name)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ active }),
      });
      if (!response.ok)
        throw new Error(((await response.json()) as { error?: string }).error ?? String(response.status));
    } catch (failure) {
      setError((failure as Error).message);
    }
    setBusy('');
  };
  return (
    <section aria-label={words.demo}>
      <div class="bar">
        <h2>{words.demo}</h2>
        <span class="small">{words.demoHint}</span>
        <a href={demo.shopUrl} rel="noreferrer">
          {words.openShop}
        </a>
      </div>
      {error !== '' && (
        <p class="notice" role="alert">
          {error}
        </p>
      )}
      <div class="faults">
        {demo.faults.map((fault) => (
          <div class={`fault ${fault.active ? 'active' : ''}`} key={fault.name}>
            <h3>{fault.title}</h3>
            <p class="small">{fault.description}</p>
            <div class="row">
              <span class="small">{expectations[fault.expect]}</span>
              <button
                type="button"
                class="end"
                disabled={busy === fault.name}
                onClick={() => void change(fault.name, !fault.active)}
                aria-label={`${fault.active ? words.heal : words.break}: ${fault.title}`}
              >
                {fault.active ? words.heal : words.break}
              </button>
            </div>
          </div>
        ))}
      </div>
    </section>
  );
}
