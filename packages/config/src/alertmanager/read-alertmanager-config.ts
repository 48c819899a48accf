import { isError, type Problem, type SourceText } from '@tillwatch/model';
import type * as z from 'zod';
import { scalarText, whole } from '../fields/field.ts';
import { anything, defaulted, list, object, optional } from '../fields/object.ts';
import { choice, duration, flag, text } from '../fields/scalars.ts';
import { tlsConfig } from '../prometheus/http-client.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import type { AlertmanagerConfig, AlertmanagerGlobal, NamedTimeIntervals, Receiver } from './config.ts';
import { crossChecks } from './cross-checks.ts';
import { GLOBAL } from './global.ts';
import { OTHER_INTEGRATIONS } from './other-integrations.ts';
import { RECEIVER } from './receivers.ts';
import { resolveEmail, resolveSlack, resolveWebhook } from './resolve-receiver.ts';
import { inhibitRules, ROUTE, resolveRoute } from './route.ts';
import { timeInterval } from './time-interval.ts';
import { alertmanagerWarnings } from './warnings.ts';

/** What was read; `config` is `undefined` exactly when there is a problem of severity error. */
export interface AlertmanagerReading {
  readonly config: AlertmanagerConfig | undefined;
  readonly problems: Problem[];
}

/**
 * Reads an alertmanager.yml as Alertmanager 0.34 does: strictly, with every default filled in, routes inheriting from their
 * parents and receivers from `global`, and says all that is wrong at once. Integrations that the embedded engine does not
 * send to are a warning.
 */
export function readAlertmanagerConfig(source: SourceText): AlertmanagerReading {
  const reading = readYaml(source, MAIN, { keepSource: true });
  const problems = [...reading.problems];
  if (reading.raw !== undefined) problems.push(...crossChecks(reading));
  problems.sort((a, b) => a.at.from - b.at.from);
  if (reading.value === undefined || problems.some(isError)) {
    return { config: undefined, problems };
  }
  const config = resolve(reading.value);
  problems.push(...alertmanagerWarnings(config, reading));
  problems.sort((a, b) => a.at.from - b.at.from);
  return { config, problems };
}

function namedIntervals(what: string): z.ZodType<NamedTimeIntervals, unknown> {
  return object(
    {
      name: defaulted('name', text(), ''),
      intervals: defaulted('time_intervals', list(timeInterval()), []),
    },
    whole((wire, fail) => {
      if ((scalarText(wire.name) ?? '') !== '') return;
      const path = Object.hasOwn(wire, 'name') ? 'name' : [];
      fail(path, `missing name in ${what}`, { code: 'missing-field', part: 'key' });
    }),
  );
}

const TRACING = object({
  clientType: optional('client_type', choice('grpc', 'http')),
  endpoint: optional('endpoint', text()),
  samplingRatio: optional('sampling_ratio', anything()),
  insecure: optional('insecure', flag()),
  tls: optional('tls_config', tlsConfig()),
  headers: optional('headers', anything()),
  compression: optional('compression', text()),
  timeout: optional('timeout', duration()),
});

const MAIN = object({
  global: optional('global', GLOBAL),
  route: optional('route', ROUTE),
  inhibitRules: defaulted('inhibit_rules', inhibitRules(), []),
  receivers: defaulted('receivers', list(RECEIVER, 'empty or null receiver'), []),
  templates: defaulted('templates', list(text()), []),
  muteTimeIntervals: defaulted('mute_time_intervals', list(namedIntervals('mute time interval')), []),
  timeIntervals: defaulted('time_intervals', list(namedIntervals('time interval')), []),
  tracing: optional('tracing', TRACING),
  eventRecorder: optional('event_recorder', anything()),
});

const NO_GLOBAL = GLOBAL.parse({});

function resolve(raw: z.output<typeof MAIN>): AlertmanagerConfig {
  const global = pickGlobal(raw.global ?? NO_GLOBAL);
  return {
    global,
    // A document without a route does not come this far.
    route: resolveRoute(raw.route ?? ROUTE.parse({}), undefined),
    inhibitRules: raw.inhibitRules,
    receivers: raw.receivers.map((receiver) => resolveReceiver(receiver, global)),
    templates: raw.templates,
    timeIntervals: [...raw.muteTimeIntervals, ...raw.timeIntervals],
  };
}

/** Without the settings of integrations that are not sent to, which may hold secrets. */
function pickGlobal(global: AlertmanagerGlobal): AlertmanagerGlobal {
  const entries = Object.entries(global).filter(([name]) => !name.includes('_'));
  return Object.fromEntries(entries) as unknown as AlertmanagerGlobal;
}

function resolveReceiver(raw: z.output<typeof RECEIVER>, global: AlertmanagerGlobal): Receiver {
  const given = raw as unknown as Record<string, unknown>;
  return {
    name: raw.name,
    labels: raw.labels,
    slackConfigs: raw.slackConfigs.map((config) => resolveSlack(config, global)),
    emailConfigs: raw.emailConfigs.map((config) => resolveEmail(config, global)),
    webhookConfigs: raw.webhookConfigs.map((config) => resolveWebhook(config, global)),
    unsupportedConfigs: OTHER_INTEGRATIONS.map(({ field }) => field).filter((field) => given[field] !== undefined),
  };
}
