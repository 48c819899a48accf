import type { LiveAlert } from '../../api/index.ts';
import { type AlertGroup, groupAlerts, layerOf } from '../../series/alert-groups.ts';
import type { PartProps } from './overview-page.tsx';

/** More troubles than these help nobody at a glance. */
const MOST = 12;

/** Firing and pending alerts, those of one trouble together. */
export function AlertList(props: PartProps) {
  const { state, words } = props;
  const groups = groupAlerts(state.alerts);
  return (
    <section class="card">
      <h2>{words.alerts}</h2>
      {groups.length === 0 ? (
        <p class="empty">{words.noAlerts}</p>
      ) : (
        <ul class="list">
          {groups.slice(0, MOST).map((group) => (
            <li key={keyOf(group.head)}>
              <Group group={group} {...props} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Group({ group, state, words, formats }: PartProps & { group: AlertGroup }) {
  const { head, others, layers, sinceMs } = group;
  // Without a tillwatch.yaml there is one layer only.
  const hasLayers = state.shop.name !== '';
  const tag = (layer: AlertGroup['layers'][number]) => (
    <span class="tag" key={layer} title={words.layerHints[layer]}>
      {words.layers[layer]}
    </span>
  );
  return (
    <>
      <div class="row">
        <span class={`badge ${head.state === 'pending' ? '' : head.severity === 'page' ? 'bad' : 'warning'}`}>
          {head.state === 'pending' ? words.pending : head.severity === 'page' ? words.page : words.inform}
        </span>
        <strong>{head.name}</strong>
        {hasLayers && layers.map(tag)}
        <span class="small end">
          {words.since} {formats.time(sinceMs)}
        </span>
      </div>
      <div>{head.summary}</div>
      {/^https?:\/\//.test(head.runbookUrl) && (
        <a class="small" href={head.runbookUrl}>
          {words.runbook}
        </a>
      )}
      {others.length > 0 && (
        <details class="small">
          <summary>{words.sameTrouble(others.length)}</summary>
          <ul class="list">
            {others.map((alert) => (
              <li key={keyOf(alert)}>
                {alert.state === 'pending' && `${words.pending}: `}
                {alert.summary === '' ? alert.name : alert.summary} {hasLayers && tag(layerOf(alert))}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function keyOf({ name, labels }: LiveAlert): string {
  return `${name}${JSON.stringify(labels)}`;
}
