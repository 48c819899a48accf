import type { CheckoutOverview } from '../../api/index.ts';
import type { PartProps } from './overview-page.tsx';

/** The journey step by step: how many came, and where they were lost. */
export function Funnel({ overview, words, formats }: PartProps & { overview: CheckoutOverview }) {
  const most = Math.max(1, ...overview.funnel.map((step) => step.entered));
  return (
    <section class="card">
      <h2>{words.funnel}</h2>
      {overview.funnel.length === 0 ? (
        <p class="empty">{words.noCheckouts}</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>{words.step}</th>
                <th />
                <th class="number">{words.entered}</th>
                <th class="number">{words.failed}</th>
                <th class="number">{words.declined}</th>
                <th class="number">{words.abandoned}</th>
                <th class="number">p95</th>
              </tr>
            </thead>
            <tbody>
              {overview.funnel.map((step) => (
                <tr key={step.step}>
                  <td>{step.step}</td>
                  <td>
                    <div class="meter">
                      <i style={{ width: `${(step.entered / most) * 100}%` }} />
                    </div>
                  </td>
                  <td class="number">{formats.count(step.entered)}</td>
                  <td class={`number ${step.tone === 'bad' || step.tone === 'warning' ? `ink-${step.tone}` : ''}`}>
                    {formats.count(step.failed)}
                  </td>
                  <td class="number">{formats.count(step.declined)}</td>
                  <td class="number">{formats.count(step.abandoned)}</td>
                  <td class="number">{formats.seconds(step.p95Seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
