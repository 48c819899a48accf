import type { PartProps } from './overview-page.tsx';

/** What was sent to whom, and what is still on its way. */
export function DeliveryList({ state, words, formats }: PartProps) {
  const stateWords = { owed: words.owed, delivered: words.delivered, failed: words.failedDelivery };
  const tones = { owed: 'warning', delivered: 'good', failed: 'bad' };
  return (
    <section class="card">
      <h2>{words.deliveries}</h2>
      {state.deliveries.length === 0 ? (
        <p class="empty">{words.noDeliveries}</p>
      ) : (
        <ul class="list">
          {state.deliveries.slice(0, 8).map((delivery) => (
            <li key={delivery.id}>
              <div class="row">
                <span class={`badge ${tones[delivery.state]}`}>{stateWords[delivery.state]}</span>
                <span>
                  {delivery.receiver} · {delivery.integration}
                </span>
                <span class="small end">{formats.time(delivery.deliveredAtMs ?? delivery.createdAtMs)}</span>
              </div>
              <div>{delivery.title}</div>
              {delivery.lastError !== '' && <div class="small ink-bad">{delivery.lastError}</div>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
