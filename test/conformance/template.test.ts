import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Labels, type VectorSample } from '@tillwatch/model';
import { afterAll, describe, expect, test } from 'vitest';
import { alertmanagerFunctions } from '../../packages/alerting/src/template/alertmanager-functions.ts';
import { GoTime } from '../../packages/alerting/src/template/go-time.ts';
import {
  type NotificationData,
  notificationData,
  parseNotificationTemplates,
  renderNotificationText,
} from '../../packages/alerting/src/template/index.ts';
import { notificationObject } from '../../packages/alerting/src/template/notification-text.ts';
import { prometheusFunctions, sampleObject } from '../../packages/alerting/src/template/prometheus-functions.ts';
import { execute, parseTemplates } from '../../packages/alerting/src/template/template-set.ts';
import { HostObject, type Value } from '../../packages/alerting/src/template/value.ts';

/** What Prometheus's and Alertmanager's own template tests say, read from their published test tables. */
const DATA = resolve(process.env.CONFORMANCE_DIR ?? '../shared/conformance');
const isThere = existsSync(join(DATA, 'alertmanager'));

/** Where we differ on purpose, and why. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'prometheus/template/0030': 'the place is that of the field which does not exist, not of the last argument before it',
};

interface GroupData {
  readonly groupLabels: Record<string, string>;
  readonly alerts: readonly {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
    readonly startsAt: string;
    readonly endsAt?: string;
    readonly generatorURL: string;
  }[];
}

interface TemplateCase {
  readonly id: string;
  readonly text: string;
  readonly html?: boolean;
  readonly ok: boolean;
  readonly output: string;
  readonly error?: string;
  readonly options?: readonly string[];
  readonly data_type?: string;
  readonly data?: unknown;
  readonly query_result?: readonly {
    readonly labels: Record<string, string>;
    readonly t_ms: number;
    readonly value?: string;
    readonly histogram?: string;
  }[];
}

interface NamedCase {
  readonly id: string;
  readonly group: GroupData;
  readonly template: string;
  readonly argument: string;
  readonly html: boolean;
  readonly output: string;
}

interface DataCase {
  readonly id: string;
  readonly receiver: string;
  readonly group_labels: Record<string, string>;
  readonly route_labels: Record<string, string>;
  readonly alerts: readonly {
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
    readonly startsAt: string;
    readonly endsAt: string;
  }[];
  readonly data: unknown;
}

/** Runs every case of a topic and says at the end how many passed. */
function topic<T extends { readonly id: string }>(name: string, check: (one: T) => void): void {
  describe(name, () => {
    const all = isThere ? (JSON.parse(readFileSync(join(DATA, `${name}.json`), 'utf8')) as { cases: T[] }).cases : [];
    let passed = 0;
    test.for(all.map((one) => [one.id, one] as const))('%s', ([, one]) => {
      check(one);
      passed++;
    });
    afterAll(() => console.info(`${name}: ${passed} passed, ${all.length - passed} failed`));
  });
}

/** The outcome of an expansion: its output or the message of its error. */
function outcome(expand: () => string): { ok: boolean; output: string } {
  try {
    return { ok: true, output: expand() };
  } catch (error) {
    return { ok: false, output: (error as Error).message };
  }
}

function expectOutcome(one: TemplateCase, seen: { ok: boolean; output: string }, messages: boolean): void {
  expect(seen, one.text).toMatchObject({ ok: one.ok });
  if (one.ok) expect(seen.output).toBe(one.output);
  else if (messages && one.error !== undefined && DIFFERENCES[one.id] === undefined) {
    expect(one.error).toContain(seen.output);
  }
}

describe.skipIf(!isThere)(`templates of Prometheus (${DATA})`, () => {
  topic<TemplateCase>('prometheus/template', (one) => {
    const histograms = new Map<number, string>();
    const result: VectorSample[] = (one.query_result ?? []).map((sample, i) => {
      if (sample.histogram !== undefined) histograms.set(i, sample.histogram);
      const value = Number(sample.value?.replace('Inf', 'Infinity') ?? i);
      return { labels: Labels.of(sample.labels), timestampMs: sample.t_ms, value };
    });
    const functions = prometheusFunctions({
      query: () => result,
      nowMs: 1_353_755_652_000,
      externalUrl: 'http://testhost:9090/path/prefix',
    });
    const { query } = functions;
    // Samples here are floats; a histogram in a vector is put in as a value that prints as one.
    const withHistograms = {
      ...functions,
      ...(query && {
        query: {
          ...query,
          call: (...args: Parameters<typeof query.call>) => {
            const vector = query.call(...args) as HostObject;
            const items = vector.parts.items?.map((item, i) => {
              const text = histograms.get(i);
              return text === undefined
                ? item
                : sampleObject({}, printed(text.replace(/\{\{(.*) (.*)\}\}/, '{$1, $2}')));
            });
            return items === undefined || histograms.size === 0 ? vector : new HostObject(vector.typeName, { items });
          },
        },
      }),
    };
    const { templates } = parseTemplates([], withHistograms);
    const seen = outcome(() =>
      execute(templates, { file: 'test', text: one.text }, prometheusData(one), {
        html: one.html === true,
        missingKey: one.options?.includes('missingkey=error') === true ? 'error' : 'no-value',
      }),
    );
    expectOutcome(one, seen, true);
  });
});

function printed(text: string): HostObject {
  return new HostObject('*histogram.FloatHistogram', { text: () => text });
}

function prometheusData(one: TemplateCase): Value {
  if (one.data_type === 'sample') {
    const { Value: value } = one.data as { Value: { string: string } };
    return sampleObject({}, printed(value.string));
  }
  return typedData(one);
}

/** Go values from their JSON form. */
function typedData({ data, data_type: type }: TemplateCase): Value {
  if (type?.startsWith('[]')) {
    return (data as readonly string[]).map((item) =>
      type.includes('int') ? BigInt(item) : type.includes('float') ? Number(item.replace('Inf', 'Infinity')) : item,
    );
  }
  if (type === 'time.Time') return GoTime.parse(data as string);
  return data;
}

describe.skipIf(!isThere)(`templates of Alertmanager (${DATA})`, () => {
  const { templates, problems } = parseNotificationTemplates([]);

  test('the built-in templates have no problems', () => {
    expect(problems).toEqual([]);
  });

  topic<TemplateCase>('alertmanager/template', (one) => {
    const data =
      one.data_type === 'template.Data'
        ? notificationObject(withoutNulls(one.data as NotificationData))
        : typedData(one);
    const seen = outcome(() =>
      execute(
        { ...templates.set, functions: { ...templates.set.functions, ...alertmanagerFunctions(() => 0) } },
        { file: '', text: one.text },
        data,
        { html: one.html === true },
      ),
    );
    expectOutcome(one, seen, true);
  });

  topic<DataCase>('alertmanager/template-data', (one) => {
    const atMs = Date.parse('0001-01-01T00:00:03Z');
    const data = notificationData(
      {
        receiver: one.receiver,
        groupLabels: Labels.of(one.group_labels),
        routeLabels: Labels.of(one.route_labels),
        atMs,
        alerts: one.alerts.map((alert) => ({
          labels: Labels.of(alert.labels),
          annotations: Labels.of(alert.annotations),
          startsAtMs: Date.parse(alert.startsAt),
          endsAtMs: alert.endsAt === '0001-01-01T00:00:00Z' ? Number.POSITIVE_INFINITY : Date.parse(alert.endsAt),
          generatorUrl: '',
        })),
      },
      'http://example.com/',
    );
    expect(data).toEqual(one.data);
  });

  topic<NamedCase>('alertmanager/template-named', (one) => {
    const text = `{{ template ${JSON.stringify(one.template)} ${one.argument} }}`;
    expect(renderNotificationText(templates, text, groupData(one.group), { html: one.html })).toBe(one.output);
  });

  topic<TemplateCase & { readonly group: GroupData }>('alertmanager/template-user', (one) => {
    const seen = outcome(() => renderNotificationText(templates, one.text, groupData(one.group)));
    expectOutcome(one, seen, true);
  });
});

/** Go leaves out what was never set; in JSON it is null. */
function withoutNulls(data: NotificationData): NotificationData {
  return { ...data, alerts: data.alerts ?? [] };
}

function groupData(group: GroupData): NotificationData {
  return notificationData(
    {
      receiver: 'team',
      groupLabels: Labels.of(group.groupLabels),
      atMs: Date.parse('2026-03-01T12:00:00Z'),
      alerts: group.alerts.map((alert) => ({
        labels: Labels.of(alert.labels),
        annotations: Labels.of(alert.annotations),
        startsAtMs: Date.parse(alert.startsAt),
        endsAtMs: alert.endsAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(alert.endsAt),
        generatorUrl: alert.generatorURL,
      })),
    },
    'http://am.shop.example:9093/base',
  );
}
