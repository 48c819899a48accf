import { formatDuration, type Problem } from '@tillwatch/model';
import { scalarText } from '../fields/field.ts';
import { valueAt } from '../yaml/issues.ts';
import type { YamlPath, YamlReading } from '../yaml/read-yaml.ts';
import type { AlertmanagerConfig, Route } from './config.ts';
import { eachRoute, receiverNames, timeIntervalNames } from './cross-checks.ts';

type Reading = YamlReading<unknown>;

/** What is allowed and yet most likely not what was meant, or not done by the embedded engine. */
export function alertmanagerWarnings(config: AlertmanagerConfig, reading: Reading): Problem[] {
  return [
    ...unsupportedIntegrations(config, reading),
    ...unusedNames(reading),
    ...intervalWarnings(config.route, ['route'], undefined, reading),
  ];
}

function warning(reading: Reading, code: string, message: string, path: YamlPath, hint: string, part?: 'key'): Problem {
  return { code, severity: 'warning', message, hint, at: reading.spanAt(path, part) };
}

function unsupportedIntegrations(config: AlertmanagerConfig, reading: Reading): Problem[] {
  return config.receivers.flatMap(({ name, unsupportedConfigs }, i) =>
    unsupportedConfigs.map((field) =>
      warning(
        reading,
        'not-embedded',
        `${field} of receiver "${name}": the embedded engine does not send there`,
        ['receivers', i, field],
        'it sends to Slack, e-mail and webhooks; run Alertmanager for the others',
        'key',
      ),
    ),
  );
}

function unusedNames(reading: Reading): Problem[] {
  const usedReceivers = new Set<string | undefined>();
  const usedIntervals = new Set<string | undefined>();
  eachRoute(reading, (route) => {
    usedReceivers.add(scalarText(valueAt(route, ['receiver'])));
    for (const field of ['mute_time_intervals', 'active_time_intervals']) {
      const names = valueAt(route, [field]);
      if (Array.isArray(names)) for (const name of names) usedIntervals.add(scalarText(name));
    }
  });
  const receivers = receiverNames(reading).filter(({ name }) => !usedReceivers.has(name));
  const intervals = timeIntervalNames(reading).filter(({ name }) => !usedIntervals.has(name));
  return [
    ...receivers.map(({ name, path }) =>
      warning(reading, 'unused-name', `no route uses the receiver "${name}"`, path, 'add a route to it, or remove it'),
    ),
    ...intervals.map(({ name, path }) =>
      warning(
        reading,
        'unused-name',
        `no route uses the time interval "${name}"`,
        path,
        'use it in a route, or remove it',
      ),
    ),
  ];
}

/** Repeats are sent on the ticks of `group_interval`, so a shorter `repeat_interval` does not do what it says. */
function intervalWarnings(route: Route, path: YamlPath, parent: Route | undefined, reading: Reading): Problem[] {
  const { repeatIntervalMs, groupIntervalMs } = route;
  const isInherited =
    parent !== undefined && parent.repeatIntervalMs === repeatIntervalMs && parent.groupIntervalMs === groupIntervalMs;
  const problems: Problem[] = [];
  if (repeatIntervalMs < groupIntervalMs && !isInherited) {
    const isOwn = valueAt(reading.raw, [...path, 'repeat_interval']) !== undefined;
    const repeat = formatDuration(repeatIntervalMs);
    const group = formatDuration(groupIntervalMs);
    problems.push(
      warning(
        reading,
        'repeat-interval',
        `repeat_interval of ${repeat} is shorter than group_interval of ${group}`,
        [...path, isOwn ? 'repeat_interval' : 'group_interval'],
        `repeats are looked at once per group_interval, so they come every ${group}: make repeat_interval a multiple of it`,
      ),
    );
  }
  const below = route.routes.map((child, i) => intervalWarnings(child, [...path, 'routes', i], route, reading));
  return [...problems, ...below.flat()];
}
