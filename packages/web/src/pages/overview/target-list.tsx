import type { PartProps } from './overview-page.tsx';

export function TargetList({ state, words, formats }: PartProps) {
  const tones = { up: 'good', down: 'bad', unknown: '' };
  const healthWords = { up: words.up, down: words.down, unknown: words.unknown };
  return (
    <section class="card">
      <h2>{words.targets}</h2>
      {state.targets.length === 0 ? (
        <p class="empty">{words.noTargets}</p>
      ) : (
        <ul class="list">
          {state.targets.slice(0, 20).map((target) => (
            <li key={`${target.job} ${target.instance}`}>
              <div class="row">
                <span class={`badge ${tones[target.health]}`}>{healthWords[target.health]}</span>
                <span>
                  {target.job} · {target.instance}
                </span>
                {target.lastScrapeMs !== null && <span class="small end">{formats.time(target.lastScrapeMs)}</span>}
              </div>
              {target.seriesDropped > 0 && <div class="small ink-bad">{words.seriesDropped(target.seriesDropped)}</div>}
              {target.lastError !== '' && <div class="small ink-bad">{target.lastError}</div>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
