import { closest, type Problem } from '@tillwatch/model';
import { scalarText } from '../fields/field.ts';
import { isGiven } from '../prometheus/http-client.ts';
import { valueAt } from '../yaml/issues.ts';
import type { YamlPath, YamlReading } from '../yaml/read-yaml.ts';
import { isPostMessage } from './global.ts';
import { OTHER_INTEGRATIONS } from './other-integrations.ts';

type Reading = YamlReading<unknown>;

/**
 * What sections say about each other: names that are used and not defined, and what an integration needs and nobody gives.
 * They read the raw document, so that they speak up also when something else in the file is wrong.
 */
export function crossChecks(reading: Reading): Problem[] {
  return [
    ...rootChecks(reading),
    ...duplicateNames(reading),
    ...undefinedNames(reading),
    ...slackChecks(reading),
    ...emailChecks(reading),
    ...otherChecks(reading),
  ];
}

function problem(
  reading: Reading,
  code: string,
  message: string,
  path: YamlPath,
  options: { readonly hint?: string | undefined; readonly part?: 'key' } = {},
): Problem {
  return { code, severity: 'error', message, hint: options.hint, at: reading.spanAt(path, options.part) };
}

function rootChecks(reading: Reading): Problem[] {
  const { raw } = reading;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return [];
  const root = valueAt(raw, ['route']);
  const hint = 'a minimal file has route: {receiver: NAME} and that receiver';
  if (Object.keys(raw).length === 0) return [problem(reading, 'no-route', 'no route provided in config', [], { hint })];
  if (root === undefined) return [problem(reading, 'no-route', 'no routes provided', ['route'], { hint, part: 'key' })];
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return [];
  const problems: Problem[] = [];
  if (!isGiven(valueAt(root, ['receiver']))) {
    problems.push(
      problem(reading, 'no-receiver', 'root route must specify a default receiver', ['route'], { part: 'key' }),
    );
  }
  const forbid = (fields: readonly string[], message: string) => {
    const field = fields.find((name) => isNotEmpty(valueAt(root, [name])));
    if (field !== undefined) problems.push(problem(reading, 'root-route', message, ['route', field], { part: 'key' }));
  };
  forbid(['match', 'match_re', 'matchers'], 'root route must not have any matchers');
  forbid(['mute_time_intervals'], 'root route must not have any mute time intervals');
  forbid(['active_time_intervals'], 'root route must not have any active time intervals');
  if (scalarText(valueAt(root, ['continue'])) === 'true') {
    const path = ['route', 'continue'];
    problems.push(problem(reading, 'root-route', 'cannot have continue in root route', path));
  }
  return problems;
}

function isNotEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** A name and where it stands. */
interface Named {
  readonly name: string;
  readonly path: YamlPath;
}

function namesIn(reading: Reading, section: string): Named[] {
  const items = valueAt(reading.raw, [section]);
  if (!Array.isArray(items)) return [];
  return items.map((item, i) => ({ name: scalarText(valueAt(item, ['name'])) ?? '', path: [section, i, 'name'] }));
}

export function receiverNames(reading: Reading): Named[] {
  return namesIn(reading, 'receivers');
}

export function timeIntervalNames(reading: Reading): Named[] {
  return [...namesIn(reading, 'mute_time_intervals'), ...namesIn(reading, 'time_intervals')];
}

function duplicateNames(reading: Reading): Problem[] {
  const repeated = (names: readonly Named[], message: (name: string) => string) => {
    const seen = new Set<string>();
    return names.flatMap(({ name, path }) => {
      if (name !== '' && seen.has(name)) return [problem(reading, 'duplicate-name', message(name), path)];
      seen.add(name);
      return [];
    });
  };
  return [
    ...repeated(receiverNames(reading), (name) => `notification config name "${name}" is not unique`),
    ...repeated(timeIntervalNames(reading), (name) => `time interval "${name}" is not unique`),
  ];
}

/** Visits every route, parents first. */
export function eachRoute(reading: Reading, visit: (route: unknown, path: YamlPath) => void): void {
  const walk = (route: unknown, path: YamlPath) => {
    if (typeof route !== 'object' || route === null) return;
    visit(route, path);
    const children = valueAt(route, ['routes']);
    if (!Array.isArray(children)) return;
    for (const [i, child] of children.entries()) walk(child, [...path, 'routes', i]);
  };
  walk(valueAt(reading.raw, ['route']), ['route']);
}

function undefinedNames(reading: Reading): Problem[] {
  const receivers = new Set(receiverNames(reading).map(({ name }) => name));
  const intervals = new Set(timeIntervalNames(reading).map(({ name }) => name));
  const problems: Problem[] = [];
  const check = (known: ReadonlySet<string>, what: string, name: string | undefined, path: YamlPath) => {
    if (name === undefined || name === '' || known.has(name)) return;
    const near = closest(name, known);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    problems.push(problem(reading, 'undefined-name', `undefined ${what} "${name}" used in route`, path, { hint }));
  };
  eachRoute(reading, (route, path) => {
    check(receivers, 'receiver', scalarText(valueAt(route, ['receiver'])), [...path, 'receiver']);
    for (const field of ['mute_time_intervals', 'active_time_intervals']) {
      const names = valueAt(route, [field]);
      if (!Array.isArray(names)) continue;
      for (const [i, name] of names.entries()) {
        check(intervals, 'time interval', scalarText(name), [...path, field, i]);
      }
    }
  });
  return problems;
}

/** Visits every entry of one field of every receiver. */
function eachEntry(reading: Reading, field: string, visit: (entry: unknown, path: YamlPath) => void): void {
  receiverNames(reading).forEach((_, r) => {
    const entries = valueAt(reading.raw, ['receivers', r, field]);
    if (!Array.isArray(entries)) return;
    for (const [i, entry] of entries.entries()) visit(entry, ['receivers', r, field, i]);
  });
}

function slackChecks(reading: Reading): Problem[] {
  const problems: Problem[] = [];
  const isGlobal = (...names: string[]) => names.some((name) => isGiven(valueAt(reading.raw, ['global', name])));
  const hasGlobal = isGlobal('slack_api_url', 'slack_api_url_file', 'slack_app_token', 'slack_app_token_file');
  eachEntry(reading, 'slack_configs', (entry, path) => {
    const isOwn = (...names: string[]) => names.some((name) => isGiven(valueAt(entry, [name])));
    const hasOwnToken = isOwn('app_token', 'app_token_file');
    if (!hasGlobal && !isOwn('api_url', 'api_url_file') && !hasOwnToken) {
      const message = 'no Slack API URL nor App token set either inline or in a file';
      const hint = 'set api_url_file here, or slack_api_url_file in global';
      problems.push(problem(reading, 'no-address', message, path, { hint, part: 'key' }));
    } else if (entry === null) {
      problems.push(problem(reading, 'missing-field', 'missing slack config', path, { part: 'key' }));
    }
    const wantsUpdates = scalarText(valueAt(entry, ['update_message'])) === 'true';
    const apiUrl = valueAt(entry, ['api_url']) ?? valueAt(reading.raw, ['global', 'slack_api_url']);
    const hasToken =
      hasOwnToken || (!isOwn('api_url', 'api_url_file') && isGlobal('slack_app_token', 'slack_app_token_file'));
    if (wantsUpdates && !hasToken && !isPostMessage(scalarText(apiUrl))) {
      const message =
        'update_message can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage';
      problems.push(problem(reading, 'slack', message, [...path, 'update_message']));
    }
  });
  return problems;
}

function emailChecks(reading: Reading): Problem[] {
  const problems: Problem[] = [];
  eachEntry(reading, 'email_configs', (entry, path) => {
    if (entry === null) return;
    const need = (own: string, global: string, message: string) => {
      if (isGiven(valueAt(entry, [own])) || isGiven(valueAt(reading.raw, ['global', global]))) return;
      const hint = `set ${own} here, or ${global} in global`;
      problems.push(problem(reading, 'no-address', message, path, { hint, part: 'key' }));
    };
    need('smarthost', 'smtp_smarthost', 'no global SMTP smarthost set');
    need('from', 'smtp_from', 'no global SMTP from set');
  });
  return problems;
}

function otherChecks(reading: Reading): Problem[] {
  const problems: Problem[] = [];
  for (const { field, needs } of OTHER_INTEGRATIONS) {
    eachEntry(reading, field, (entry, path) => {
      for (const { own, global, message } of needs) {
        const isSet =
          own.some((name) => isGiven(valueAt(entry, [name]))) ||
          global.some((name) => isGiven(valueAt(reading.raw, ['global', name])));
        if (!isSet) problems.push(problem(reading, 'no-address', message, path, { part: 'key' }));
      }
    });
  }
  return problems;
}
