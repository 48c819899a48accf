import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readAlertmanagerConfig } from '@tillwatch/config';
import { type Alert, isError, Labels, Matcher, type MatchOp } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { createInhibitor } from '../../packages/alerting/src/routing/inhibitor.ts';
import { mergeAlerts } from '../../packages/alerting/src/routing/merge-alerts.ts';
import { needsUpdate } from '../../packages/alerting/src/routing/needs-update.ts';
import { allRoutes, matchRoutes, routeTree } from '../../packages/alerting/src/routing/route-tree.ts';
import { matcherFault, silenceState, silences } from '../../packages/alerting/src/routing/silences.ts';
import { sortAlerts } from '../../packages/alerting/src/routing/sort-alerts.ts';

/** What Alertmanager's own tests of routing, inhibition, silences and de-duplication say. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const isThere = existsSync(join(DATA, 'alertmanager'));

/** Where we differ on purpose. The rule is applied to every case. */
const DIFFERENCES = {
  matchRe: 'group keys show the expression of an old `match_re` as it is written, not as `^(?:…)$`',
} as const;

/** Fields of a case; which there are depends on the topic. */
// biome-ignore lint/suspicious/noExplicitAny: data of many forms, compared with ours field by field
type Case = Record<string, any> & { readonly id: string };

function cases(topic: string): Case[] {
  if (!isThere) return [];
  return (JSON.parse(readFileSync(join(DATA, 'alertmanager', `${topic}.json`), 'utf8')) as { cases: Case[] }).cases;
}

/** Runs every case of a topic and prints how many passed. */
function topic(name: string, check: (one: Case) => void): void {
  test.skipIf(!isThere)(name, () => {
    const failed: string[] = [];
    const all = cases(name);
    for (const one of all) {
      try {
        check(one);
      } catch (error) {
        failed.push(`${one.id}: ${(error as Error).message}`);
      }
    }
    console.info(`alertmanager/${name}: ${all.length - failed.length} of ${all.length} passed`);
    expect(failed).toEqual([]);
  });
}

function read(yaml: string) {
  const { config, problems } = readAlertmanagerConfig({ file: 'alertmanager.yml', text: yaml });
  const errors = problems.filter(isError);
  if (config === undefined || errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  return config;
}

/** A whole configuration around a `route:`, with every receiver that it names. */
function withRoute(routeYaml: string) {
  const names = [...routeYaml.matchAll(/receiver:\s*['"]?([\w-]+)/g)].map((match) => match[1]);
  const receivers = [...new Set(names)].map((name) => `- name: ${name}`).join('\n');
  return read(`route:\n${routeYaml.replace(/^/gm, '  ')}\nreceivers:\n${receivers}\n`);
}

function alertOf(labels: Record<string, string>, endsAtMs = 1_000): Alert {
  return { labels: Labels.of(labels), annotations: Labels.empty, startsAtMs: 0, endsAtMs, generatorUrl: '' };
}

function matcherOf({ name, op, value }: { name: string; op: MatchOp; value: string | { $b64: string } }): {
  name: string;
  op: MatchOp;
  value: string;
} {
  return { name, op, value: typeof value === 'string' ? value : Buffer.from(value.$b64, 'base64').toString('utf8') };
}

describe.skipIf(!isThere)('conformance of routing', () => {
  topic('routes', (one) => {
    const found = matchRoutes(routeTree(withRoute(one.route_yaml).route), Labels.of(one.labels));
    // DIFFERENCES.matchRe
    const keys = one.keys.map((key: string) => key.replace(/"\^\(\?:(.*?)\)\$"/g, '"$1"'));
    expect(found.map(({ key }) => key.replace(/"\^\(\?:(.*?)\)\$"/g, '"$1"'))).toEqual(keys);
    expect(
      found.map(({ route }) => ({
        receiver: route.receiver,
        group_by: [...route.groupBy].sort(),
        group_by_all: route.groupByAll,
        group_wait_ms: route.groupWaitMs,
        group_interval_ms: route.groupIntervalMs,
        repeat_interval_ms: route.repeatIntervalMs,
      })),
    ).toEqual(one.matches.map((match: { group_by: string[] }) => ({ ...match, group_by: [...match.group_by].sort() })));
  });

  topic('route-ids', (one) => {
    const ids = allRoutes(routeTree(withRoute(one.route_yaml).route)).map(({ id }) => id);
    expect(ids.sort()).toEqual([...one.ids].sort());
  });

  topic('route-labels', (one) => {
    const [node] = matchRoutes(routeTree(withRoute(one.route_yaml).route), Labels.of(one.labels));
    expect(node?.route.labels).toEqual(one.route_labels);
  });

  topic('amtool-routing', (one) => {
    const found = matchRoutes(routeTree(read(one.yaml).route), Labels.of(one.labels));
    expect(found.map(({ route }) => route.receiver)).toEqual(one.receivers);
  });

  topic('inhibit', (one) => {
    const { inhibitRules } = read(`route: {receiver: r}\nreceivers: [{name: r}]\n${one.rules_yaml}`);
    const known = new Map<string, Alert>();
    for (const { labels, status } of one.alerts) {
      const next = alertOf(labels, status === 'firing' ? 1_000 : 50);
      known.set(next.labels.key, mergeAlerts(known.get(next.labels.key), next, 100));
    }
    const inhibitor = createInhibitor(inhibitRules, known.values());
    expect(inhibitor.inhibitedBy(Labels.of(one.target), 100).length > 0).toBe(one.muted);
  });

  topic('silences', (one) => {
    switch (one.what) {
      case 'matches': {
        const matcherSets = one.matcher_sets.map((set: Parameters<typeof matcherOf>[0][]) =>
          set.map(matcherOf).map(({ name, op, value }) => new Matcher(name, op, value)),
        );
        expect(silences({ matcherSets }, Labels.of(one.labels))).toBe(one.match);
        break;
      }
      case 'validate-classic':
      case 'validate-utf8': {
        const fault = matcherFault(matcherOf(one.matcher), one.what === 'validate-classic' ? 'classic' : 'utf8');
        expect(fault === undefined).toBe(one.ok);
        if (one.error !== '') expect(fault).toContain(one.error);
        break;
      }
      case 'state-filter': {
        const span = { startsAtMs: one.starts_in_s * 1_000, endsAtMs: one.ends_in_s * 1_000 };
        expect(one.states.includes(silenceState(span, 0))).toBe(one.keep);
        break;
      }
      default:
        throw new Error(`unknown kind of case: ${one.what}`);
    }
  });

  topic('notify-dedup', (one) => {
    const nowMs = 1e12;
    const keys = (hashes: number[]) => new Set(hashes.map(String));
    const last = one.last_notification;
    const told =
      last === null
        ? undefined
        : {
            firing: keys(last.firing),
            resolved: keys(last.resolved),
            atMs: last.seconds_ago === null ? 0 : nowMs - last.seconds_ago * 1_000,
          };
    const reason = needsUpdate(told, {
      firing: keys(one.firing),
      resolved: keys(one.resolved),
      repeatIntervalMs: one.repeat_interval_s * 1_000,
      sendResolved: one.send_resolved,
      nowMs,
    });
    expect(reason !== undefined).toBe(one.notify);
  });

  test('the differences are these', () => {
    expect(Object.keys(DIFFERENCES)).toEqual(['matchRe']);
  });

  topic('alert-sort', (one) => {
    const sorted = sortAlerts(one.alerts.map((labels: Record<string, string>) => alertOf(labels)));
    expect(sorted.map(({ labels }) => labels.toRecord())).toEqual(one.sorted);
  });
});
