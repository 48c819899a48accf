// What evaluating rules costs, beside Prometheus on the same rules and pages:
// `npm run bench:rules -- [--rules N] [--targets N] [--series N] [--interval SECONDS] [--warm SECONDS] [--seconds N]`.
// Each engine runs twice, with the rules and without; what it takes more is put down to the rules.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type EngineName, withEngine } from '../support/measured-engine.ts';
import { hasPrometheus } from '../support/prometheus.ts';

const { values: flags } = parseArgs({
  options: {
    rules: { type: 'string', default: '500' },
    targets: { type: 'string', default: '10' },
    series: { type: 'string', default: '1000' },
    interval: { type: 'string', default: '5' },
    warm: { type: 'string', default: '25' },
    seconds: { type: 'string', default: '40' },
  },
});
for (const [name, text] of Object.entries(flags)) {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} ${text} is not a whole number from 1 to 999999`);
}
const [ruleCount, targets, series] = [Number(flags.rules), Number(flags.targets), Number(flags.series)];

const STEPS = ['cart', 'address', 'payment', 'confirm'];
const PROVIDERS = ['north-pay', 'south-pay', 'card-house'];
const CHANNELS = ['web', 'app'];
const REGIONS = ['eu', 'us'];
const BOUNDS = ['0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];
const RULES_IN_GROUP = 50;

const shops = await Promise.all(Array.from({ length: targets }, () => startShop()));
try {
  const ours = await costOf('ours');
  console.log(`${ruleCount} rules on ${targets} targets of ${series} series, all every ${flags.interval} s`);
  if (!hasPrometheus()) {
    console.log(`ours: ${ours.toFixed(3)} ms of processor time an evaluation`);
    console.error('prometheus is not on the path: only our own cost is shown (Debian: apt-get install prometheus)');
  } else {
    const theirs = await costOf('Prometheus');
    console.log(
      `ours: ${ours.toFixed(3)} ms of processor time an evaluation (${(ours / theirs).toFixed(2)} of theirs)`,
    );
    console.log(`Prometheus: ${theirs.toFixed(3)} ms`);
  }
} finally {
  for (const shop of shops) shop.close();
}

/** Milliseconds of processor time that one evaluation of one rule takes. */
async function costOf(engine: EngineName): Promise<number> {
  const without = await cpuShare(engine, false);
  const withRules = await cpuShare(engine, true);
  const evaluationsPerSecond = ruleCount / Number(flags.interval);
  return ((withRules - without) / evaluationsPerSecond) * 1_000;
}

/** The part of a core that an engine takes once it has settled. */
function cpuShare(name: EngineName, hasRules: boolean): Promise<number> {
  const addresses = shops.map((shop) => `'127.0.0.1:${(shop.address() as AddressInfo).port}'`).join(', ');
  const seconds = `${flags.interval}s`;
  const config =
    `global: { scrape_interval: ${seconds}, scrape_timeout: ${seconds}, evaluation_interval: ${seconds} }\n` +
    `${hasRules ? 'rule_files: [rules.yml]\n' : ''}` +
    `scrape_configs: [{ job_name: shop, static_configs: [{ targets: [${addresses}] }] }]\n`;
  return withEngine(name, { 'prometheus.yml': config, 'rules.yml': ruleFile() }, async ({ url, cpuSeconds }) => {
    await sleep(Number(flags.warm) * 1_000);
    const before = await cpuSeconds();
    await sleep(Number(flags.seconds) * 1_000);
    const share = ((await cpuSeconds()) - before) / Number(flags.seconds);
    await check(name, url, hasRules ? ruleCount : 0);
    return share;
  });
}

/** Cheap rules are no good when they do not run. */
async function check(name: string, url: string, wanted: number): Promise<void> {
  const body = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
    data: { groups: { rules: { health: string; lastError?: string }[] }[] };
  };
  const rules = body.data.groups.flatMap((group) => group.rules);
  const sick = rules.find(({ health }) => health !== 'ok');
  if (rules.length !== wanted || sick !== undefined) {
    throw new Error(`${name} runs ${rules.length} rules of ${wanted}; ${sick?.lastError ?? 'all are well'}`);
  }
}

function ruleFile(): string {
  const rules = Array.from({ length: ruleCount }, (_, i) => JSON.stringify(rule(i)));
  const groups: string[] = [];
  for (let i = 0; i < rules.length; i += RULES_IN_GROUP) {
    groups.push(`  - name: group-${i}\n    rules: [${rules.slice(i, i + RULES_IN_GROUP).join(', ')}]\n`);
  }
  return `groups:\n${groups.join('')}`;
}

/** A recorded ratio, low success, errors by reason, slow steps, a burn rate: in turn, each of its own part of the checkout. */
function rule(i: number): object {
  const at = <T>(values: readonly T[], n: number) => values[Math.floor(n) % values.length] as T;
  const part = `step="${at(STEPS, i)}",provider="${at(PROVIDERS, i / 4)}",channel="${at(CHANNELS, i / 12)}"`;
  const outcomes = (window: string, only = '') => `rate(checkout_outcomes_total{${part}${only}}[${window}])`;
  const success = (window: string) => `sum(${outcomes(window, ',outcome="success"')}) / sum(${outcomes(window)})`;
  switch (i % 5) {
    case 0:
      return { record: `checkout:success_ratio:part_${i}`, expr: success('5m') };
    case 1: {
      const byRegion = `sum by (region) (${outcomes('5m', ',outcome="success"')}) / sum by (region) (${outcomes('5m')})`;
      return { alert: `LowSuccess${i}`, for: '5m', expr: `${byRegion} < 0.95` };
    }
    case 2: {
      const byReason = `sum by (reason) (${outcomes('5m', ',outcome="failure"')})`;
      return {
        alert: `Errors${i}`,
        for: '5m',
        expr: `${byReason} / ignoring (reason) group_left () sum(${outcomes('5m')}) > 0.02`,
      };
    }
    case 3: {
      const buckets = `sum by (le) (rate(checkout_step_duration_seconds_bucket{${part}}[5m]))`;
      return { alert: `Slow${i}`, for: '5m', expr: `histogram_quantile(0.95, ${buckets}) > 2` };
    }
    default: {
      const burns = (window: string) => `(1 - ${success(window)}) > 14.4 * 0.005`;
      return { alert: `Burn${i}`, expr: `${burns('1h')} and ${burns('5m')}` };
    }
  }
}

/** A shop whose checkout has as many series; what is left over are requests. Every page says other values. */
async function startShop(): Promise<Server> {
  const counters = [...checkoutCounters()].slice(0, series);
  while (counters.length < series) counters.push([`http_requests_total{route="/r${counters.length}"}`, 5]);
  let pages = 0;
  const server = createServer((_request, response) => {
    pages++;
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(counters.map(([text, pace]) => `${text} ${pages * pace}\n`).join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Counters of the checkout, and how much each rises from page to page. One provider fails so often that its alerts fire. */
function* checkoutCounters(): Iterable<[text: string, pace: number]> {
  for (const step of STEPS) {
    for (const [p, provider] of PROVIDERS.entries()) {
      for (const channel of CHANNELS) {
        const part = `step="${step}",provider="${provider}",channel="${channel}"`;
        for (const region of REGIONS) {
          const outcomes = `checkout_outcomes_total{${part},region="${region}"`;
          yield [`${outcomes},outcome="success"}`, 96];
          for (const reason of ['declined', 'timeout', 'invalid', 'error']) {
            yield [`${outcomes},outcome="failure",reason="${reason}"}`, p === 0 ? 4 : 1];
          }
        }
        for (const [b, le] of BOUNDS.entries()) {
          yield [`checkout_step_duration_seconds_bucket{${part},le="${le}"}`, 10 * b];
        }
      }
    }
  }
}
