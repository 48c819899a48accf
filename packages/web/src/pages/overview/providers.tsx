import type { CheckoutOverview } from '../../api/index.ts';
import type { PartProps } from './overview-page.tsx';

export function Providers({ overview, words, formats }: PartProps & { overview: CheckoutOverview }) {
  return (
    <section class="card">
      <h2>{words.providers}</h2>
      {overview.providers.length === 0 ? (
        <p class="empty">{words.noProviders}</p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>{words.provider}</th>
                <th class="number">{words.successRate}</th>
                <th class="number">{words.errorRate}</th>
                <th class="number">{words.orders}</th>
                <th class="number">p95</th>
              </tr>
            </thead>
            <tbody>
              {overview.providers.map((provider) => (
                <tr key={provider.provider}>
                  <td>{provider.provider}</td>
                  <td
                    class={`number ${provider.tone === 'bad' || provider.tone === 'warning' ? `ink-${provider.tone}` : ''}`}
                  >
                    {formats.percent(provider.successRate)}
                  </td>
                  <td class="number">{formats.percent(provider.errorRate)}</td>
                  <td class="number">{formats.count(provider.orders)}</td>
                  <td class="number">{formats.seconds(provider.p95Seconds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
