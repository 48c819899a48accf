import type { Problem, SourceText } from '@tillwatch/model';
import { alertmanagerFunctions } from './alertmanager-functions.ts';
import { defaultTemplates } from './default-templates.ts';
import { emailTemplate } from './email-template.ts';
import { type FunctionSet, fn } from './function.ts';
import { GoTime } from './go-time.ts';
import type { AlertData, NotificationData } from './notification-data.ts';
import { checkText, execute, parseTemplates, type TemplateSet } from './template-set.ts';
import { HostObject, mapEntries, stringMap, type Value } from './value.ts';

/** Alertmanager's built-in templates together with a user's own. */
export interface NotificationTemplates {
  /** The names that `{{ template "…" }}` finds, sorted. */
  readonly names: readonly string[];
  readonly set: TemplateSet;
}

/** How a notification text is rendered. */
export interface RenderOptions {
  /** Escape values for the place they stand in, as html/template does. Default false. */
  readonly html?: boolean;
  /** What to call the text in errors. Default ''. */
  readonly name?: string;
  /** The time that `since` counts to. Default: the machine's clock. */
  readonly nowMs?: number;
}

/**
 * Reads template files on top of the built-in ones; a definition in a later file replaces an earlier one. What could be
 * read is in `templates` even when there are problems.
 */
export function parseNotificationTemplates(sources: readonly SourceText[]): {
  templates: NotificationTemplates;
  problems: Problem[];
} {
  const { templates: set, problems } = parseTemplates(
    [defaultTemplates, emailTemplate, ...sources],
    alertmanagerFunctions(Date.now),
  );
  const files = new Set([defaultTemplates.file, emailTemplate.file, ...sources.map((source) => source.file)]);
  const names = [...set.templates.keys()].filter((name) => !files.has(name)).sort();
  return { templates: { names, set }, problems };
}

/** Finds what is wrong in a text (a `title`, a `text` of a receiver) without rendering it. */
export function checkNotificationText(templates: NotificationTemplates, source: SourceText): Problem[] {
  return checkText(templates.set, source);
}

/**
 * Expands a text such as `{{ template "slack.default.title" . }}` with Alertmanager's functions and data.
 * @throws {TemplateError} with the place in the text or in the named template.
 */
export function renderNotificationText(
  templates: NotificationTemplates,
  text: string,
  data: NotificationData,
  options: RenderOptions = {},
): string {
  // Most of a receiver's texts have nothing to expand.
  if (!text.includes('{{')) return text;
  const { nowMs } = options;
  const set =
    nowMs === undefined ? templates.set : { ...templates.set, functions: withNow(templates.set.functions, nowMs) };
  return execute(set, { file: options.name ?? '', text }, notificationObject(data), { html: options.html === true });
}

function withNow(functions: FunctionSet, nowMs: number): FunctionSet {
  const { since, now } = alertmanagerFunctions(() => nowMs);
  return { ...functions, ...(since && { since }), ...(now && { now }) };
}

/** Notification data as templates see it: Go's field names, and methods. */
export function notificationObject(data: NotificationData): HostObject {
  return new HostObject('*template.Data', {
    fields: {
      Receiver: data.receiver,
      Status: data.status,
      Alerts: alertsObject(data.alerts.map(alertObject)),
      GroupLabels: keyValues(data.groupLabels),
      CommonLabels: keyValues(data.commonLabels),
      CommonAnnotations: keyValues(data.commonAnnotations),
      RouteLabels: keyValues(data.routeLabels),
      ExternalURL: data.externalURL,
    },
    json: () => new Map(Object.entries(data)),
  });
}

function alertObject(alert: AlertData): HostObject {
  const fields = {
    Status: alert.status,
    Labels: keyValues(alert.labels),
    Annotations: keyValues(alert.annotations),
    StartsAt: GoTime.parse(alert.startsAt),
    EndsAt: GoTime.parse(alert.endsAt),
    GeneratorURL: alert.generatorURL,
    Fingerprint: alert.fingerprint,
  };
  // A struct keeps the order of its fields in JSON.
  const names = ['status', 'labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL', 'fingerprint'];
  const wire = Object.fromEntries(Object.values(fields).map((value, i) => [names[i] ?? '', value]));
  return new HostObject('template.Alert', { fields, json: () => new HostObject('', { fields: wire }) });
}

function alertsObject(items: readonly HostObject[]): HostObject {
  const having = (status: AlertData['status']) =>
    fn([], () => alertsObject(items.filter((item) => item.parts.fields?.Status === status)));
  return new HostObject('template.Alerts', {
    items,
    methods: { Firing: having('firing'), Resolved: having('resolved') },
  });
}

const byPriority = ([a]: readonly [string, Value], [b]: readonly [string, Value]): number =>
  Number(b === 'alertname') - Number(a === 'alertname');

/**
 * Label or annotation values: a map from string to string with methods. `alertname` comes first in its pairs. A map that
 * was never made is empty, but `null` in JSON.
 */
function keyValues(given: Readonly<Record<string, string>> | null): HostObject {
  const record = given ?? {};
  const pairs = () => ((mapEntries(stringMap(record)) ?? []) as [string, string][]).sort(byPriority);
  return new HostObject('template.KV', {
    entries: record,
    methods: {
      SortedPairs: fn([], () => pairsObject(pairs())),
      Remove: fn(['strings'], (names) =>
        keyValues(Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)))),
      ),
      Names: fn([], () => pairs().map(([name]) => name)),
      Values: fn([], () => pairs().map(([, value]) => value)),
      String: fn([], () => pairsText(pairs())),
    },
    text: () => pairsText(pairs()),
    ...(given === null && { json: () => null }),
  });
}

function pairsText(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join(', ');
}

function pairsObject(pairs: readonly (readonly [string, string])[]): HostObject {
  return new HostObject('template.Pairs', {
    items: pairs.map(([Name, Value]) => new HostObject('template.Pair', { fields: { Name, Value } })),
    methods: {
      Names: fn([], () => pairs.map(([name]) => name)),
      Values: fn([], () => pairs.map(([, value]) => value)),
      String: fn([], () => pairsText(pairs)),
    },
    text: () => pairsText(pairs),
  });
}
