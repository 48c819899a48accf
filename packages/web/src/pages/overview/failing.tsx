import type { CheckoutOverview } from '../../api/index.ts';
import type { PartProps } from './overview-page.tsx';

/** The parts that carry the trouble. */
export function Failing({ overview, words, formats }: PartProps & { overview: CheckoutOverview }) {
  return (
    <section class="card">
      <h2>{words.failing}</h2>
      {overview.failing.length === 0 ? (
        <p class="empty">{words.nothingFailing}</p>
      ) : (
        <ul class="list">
          {overview.failing.map((component) => (
            <li key={JSON.stringify(component.labels)}>
              <div class="row">
                {Object.entries(component.labels).map(([name, value]) => (
                  <span class="badge bad" key={name}>
                    {name} {value}
                  </span>
                ))}
                <span class="small end">
                  {formats.percent(component.share)} {words.ofExtra}
                </span>
              </div>
              <p>{component.sentence}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
