import type { PartProps } from './overview-page.tsx';

/** Firing and pending alerts. */
export function AlertList({ state, words, formats }: PartProps) {
  return (
    <section class="card">
      <h2>{words.alerts}</h2>
      {state.alerts.length === 0 ? (
        <p class="empty">{words.noAlerts}</p>
      ) : (
        <ul class="list">
          {state.alerts.slice(0, 12).map((alert) => (
            <li key={`${alert.name}${JSON.stringify(alert.labels)}`}>
              <div class="row">
                <span class={`badge ${alert.state === 'pending' ? '' : alert.severity === 'page' ? 'bad' : 'warning'}`}>
                  {alert.state === 'pending' ? words.pending : alert.severity === 'page' ? words.page : words.inform}
                </span>
                <strong>{alert.name}</strong>
                <span class="small end">
                  {words.since} {formats.time(alert.activeAtMs)}
                </span>
              </div>
              <div>{alert.summary}</div>
              {/^https?:\/\//.test(alert.runbookUrl) && (
                <a class="small" href={alert.runbookUrl}>
                  {words.runbook}
                </a>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
