import { Labels } from '@tillwatch/model';
import { describe, expect, test } from 'vitest';
import { type PastAlert, replayRouting } from '../../src/routing-replay/replay-routing.ts';
import { configOf } from '../routing/fakes.ts';

const MINUTE = 60_000;

function fired(labels: Record<string, string>, fromMinute: number, toMinute?: number): PastAlert {
  return {
    labels: Labels.of({ alertname: 'CheckoutErrors', ...labels }),
    annotations: Labels.empty,
    firedAtMs: fromMinute * MINUTE,
    resolvedAtMs: toMinute === undefined ? undefined : toMinute * MINUTE,
  };
}

/** What was told, as lines: minute, receiver, reason and the `p` labels of what fires and of what is over. */
async function told(yaml: string, alerts: readonly PastAlert[], untilMinute = 600) {
  const { notifications } = await replayRouting({ config: configOf(yaml), alerts, untilMs: untilMinute * MINUTE });
  return notifications.map(
    ({ atMs, receiver, reason, firing, resolved }) =>
      `${atMs / MINUTE} ${receiver}: ${reason} [${names(firing)}] [${names(resolved)}]`,
  );
}

const names = (alerts: readonly { readonly labels: Labels }[]) => alerts.map(({ labels }) => labels.get('p')).join(' ');

const HOOK = `webhook_configs: [{url: 'http://127.0.0.1:9/'}]`;
const PLAIN = `
route: {receiver: ops, group_by: [alertname], group_wait: 1m, group_interval: 5m, repeat_interval: 2h}
receivers: [{name: ops, ${HOOK}}]
`;

describe('replayRouting', () => {
  test.for<[string, PastAlert[], string[]]>([
    ['nothing for nothing', [], []],
    [
      'what fires within group_wait is one message, what fires later waits for the tick, what is over is said again with the others',
      [fired({ p: 'a' }, 10, 30), fired({ p: 'b' }, 10.5, 30), fired({ p: 'c' }, 12, 20)],
      [
        '11 ops: first notification [a b] []',
        '16 ops: new alerts in group [a b c] []',
        '21 ops: new resolved alerts [a b] [c]',
        '31 ops: all alerts resolved [] [a b c]',
      ],
    ],
    ['what is over within group_wait is never told', [fired({ p: 'a' }, 10, 10.9)], []],
    ['what repeats', [fired({ p: 'a' }, 0)], ['1 ops: first notification [a] []', ...repeats(121, 600, 120)]],
    [
      'what fires again is told again',
      [fired({ p: 'a' }, 10, 20), fired({ p: 'a' }, 40, 50)],
      [
        '11 ops: first notification [a] []',
        '21 ops: all alerts resolved [] [a]',
        '41 ops: first notification [a] []',
        '51 ops: all alerts resolved [] [a]',
      ],
    ],
    [
      'equal labels at the same time are one alert until the last of them ends',
      [fired({ p: 'a' }, 10, 20), fired({ p: 'a' }, 15, 40)],
      ['11 ops: first notification [a] []', '41 ops: all alerts resolved [] [a]'],
    ],
  ])('%s', async ([, alerts, lines]) => {
    expect(await told(PLAIN, alerts)).toEqual(lines);
  });

  test('the end of an alert is said again until it fires again, and not at that moment', async () => {
    const yaml = PLAIN.replace('group_wait: 1m', 'group_wait: 2m');
    // `b` fires again 55 evaluations after it was over, which is when its end would have been said the eleventh time.
    const alerts = [
      fired({ p: 'a' }, 0, 0.25),
      fired({ p: 'b' }, 0, 0.75),
      fired({ p: 'a' }, 13.25),
      fired({ p: 'b' }, 14.5),
    ];
    expect(await told(yaml, alerts, 16)).toEqual(['15.25 ops: first notification [a b] []']);
  });

  test('the order in which alerts are given means nothing', async () => {
    const alerts = [fired({ p: 'a' }, 10, 20), fired({ p: 'b' }, 3, 90), fired({ p: 'a' }, 40, 50)];
    expect(await told(PLAIN, [...alerts].reverse())).toEqual(await told(PLAIN, alerts));
  });

  test('a tree with continue tells several receivers; entries of one receiver that say the same are one notification', async () => {
    const yaml = `
route:
  receiver: ops
  group_by: ['...']
  group_wait: 0s
  routes: [{receiver: dev, matchers: [severity="page"], continue: true}, {receiver: quiet, matchers: [severity="inform"]}, {receiver: pager, matchers: [severity="page"]}]
receivers:
  - {name: ops, ${HOOK}}
  - {name: dev, webhook_configs: [{url: 'http://127.0.0.1:9/a'}, {url: 'http://127.0.0.1:9/b'}]}
  - {name: quiet}
  - {name: pager, pagerduty_configs: [{routing_key: x}]}
`;
    const config = configOf(yaml);
    const alerts = [
      fired({ severity: 'page' }, 1, 9),
      fired({ severity: 'inform' }, 2, 9),
      fired({ severity: 'x' }, 3),
    ];
    const { notifications } = await replayRouting({ config, alerts, untilMs: 5 * MINUTE });
    expect(notifications.map(({ receiver, integrations }) => [receiver, integrations])).toEqual([
      ['dev', ['webhook[0]', 'webhook[1]']],
      ['pager', ['pagerduty[0]']],
      ['ops', ['webhook[0]']],
    ]);
  });

  test('what is inhibited or muted is not told, and it is said why', async () => {
    const yaml = `
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1m
  routes: [{receiver: ops, matchers: [team="night"], mute_time_intervals: [early]}]
receivers: [{name: ops, ${HOOK}}]
inhibit_rules: [{source_matchers: [alertname="Down"], target_matchers: [alertname="CheckoutErrors"]}]
time_intervals: [{name: early, time_intervals: [{times: [{start_time: '00:00', end_time: '01:00'}]}]}]
`;
    const alerts = [
      { ...fired({ p: 'down' }, 5, 30), labels: Labels.of({ alertname: 'Down', p: 'down' }) },
      fired({ p: 'a' }, 6, 25),
      { ...fired({ p: 'n' }, 40, 70), labels: Labels.of({ alertname: 'Night', team: 'night', p: 'n' }) },
    ];
    expect(await told(yaml, alerts)).toEqual([
      '6 ops: first notification [down] []',
      '31 ops: all alerts resolved [] [down]',
      '61 ops: first notification [n] []',
      '71 ops: all alerts resolved [] [n]',
    ]);
    const { quiet } = await replayRouting({ config: configOf(yaml), alerts, untilMs: 600 * MINUTE });
    expect(quiet.map(({ labels, atMs, by, because }) => [labels.get('p'), atMs / MINUTE, by, because])).toEqual([
      ['a', 7, 'inhibited', ['Down']],
      ['n', 41, 'muted', ['early']],
    ]);
  });

  test('too many notifications and an abort end it', async () => {
    const config = configOf(PLAIN.replace('repeat_interval: 2h', 'repeat_interval: 5m'));
    const alerts = [fired({ p: 'a' }, 0)];
    await expect(replayRouting({ config, alerts, untilMs: 60 * MINUTE, maxNotifications: 3 })).rejects.toThrow(
      /more than 3 notifications/,
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(replayRouting({ config, alerts, untilMs: 1e12, signal })).rejects.toThrow('enough');
  });
});

function repeats(from: number, until: number, every: number): string[] {
  const lines: string[] = [];
  for (let at = from; at <= until; at += every) lines.push(`${at} ops: repeat interval elapsed [a] []`);
  return lines;
}
