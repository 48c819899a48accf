import { test } from 'vitest';
import { testConfig, Watch } from '../support/watch.ts';
test('x', async () => {
  const config = testConfig((text) => text.replace('promotions: []', `promotions:\n  - { name: Sale, from: 2026-03-03T15:05, to: 2026-03-03T15:40, expectedFactor: 5, ramp: 1m }\n`));
  const watch = new Watch({ seed: 9, attemptsPerMinute: 90, config });
  watch.run(5);
  watch.run(3, { traffic: 5 });
  for (let i = 0; i < 15; i++) {
    watch.run(1/6, { traffic: 5, failing: { share: 0.25, step: 'payment', reason: 'provider_timeout', provider: 'acme-pay' } });
    const v = async (e: string) => (await watch.instant(e, watch.nowMs)).map((s) => [s.labels.get('slice'), s.labels.get('provider'), s.value.toFixed(3)].join(' ')).join(', ');
    console.log(i, await v('checkout:error_ratio:1m{slice=~"all|provider"}'), '|', await v('checkout:error_evidence:1m{slice=~"all|provider"}'), '|', await v('checkout:failed:increase1m{slice="all"}'), await v('checkout:promotion:factor'), '| firing', watch.fired.map((f) => f.alert + f.labels.get('guard')).join(' '));
  }
}, 100000);
