import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './support/run-cli.ts';
import { writeStandardFiles } from './support/standard-files.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tillwatch-cli-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

/** Writes files into a new folder and returns its path. */
async function folder(name: string, files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(dir, `${name}-`));
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return path;
}

test('init writes a tillwatch.yaml that check accepts, and overwrites one only when it is forced', async () => {
  const out = join(await folder('init', {}), 'new');
  const file = join(out, 'tillwatch.yaml');
  const first = await run('init', '--yes', '--out', out, '--shop', 'Kiosk', '--currency', 'CHF', '--language', 'de');
  expect(first).toMatchObject({ code: 0, err: '' });
  expect(await readFile(file, 'utf8')).toMatch(/name: Kiosk[\s\S]*currency: CHF[\s\S]*language: de/);
  expect(await run('check', file)).toEqual({ code: 0, out: '1 file checked: fine.\n', err: '' });

  const again = await run('init', '--yes', '--out', out, '--shop', 'Other');
  expect(again.code).toBe(1);
  expect(again.err).toContain('--force');
  expect(await readFile(file, 'utf8')).toContain('Kiosk');
  expect((await run('init', '--yes', '--force', '--out', out, '--shop', 'Other')).code).toBe(0);
  expect(await readFile(file, 'utf8')).toContain('Other');
});

test('init refuses an answer that makes no sense, and writes nothing', async () => {
  const out = await folder('init', {});
  const { code, err } = await run('init', '--yes', '--out', out, '--currency', 'dollars');
  expect(code).toBe(1);
  expect(err).toMatch(/tillwatch\.yaml:\d+:\d+: error: .*\n[\s\S]*Nothing was written\.\n$/);
  expect(await readdir(out)).toEqual([]);
});

test('generate writes files that check accepts, and no secret', async () => {
  const shop = await folder('generate', {});
  await run('init', '--yes', '--out', shop);
  const out = join(shop, 'files');
  const { code, out: written, err } = await run('generate', '--config', join(shop, 'tillwatch.yaml'), '--out', out);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const names = await readdir(out, { recursive: true });
  expect(names).toEqual(expect.arrayContaining(['prometheus.yml', 'alertmanager.yml', 'rules', 'grafana']));
  expect(names.filter((name) => name.startsWith('secrets'))).toEqual([]);
  expect(written).toContain(join(out, 'prometheus.yml'));
  expect(await run('check', join(out, 'prometheus.yml'), join(out, 'alertmanager.yml'))).toMatchObject({
    code: 0,
    err: '',
  });
});

test('check tells every problem of a prometheus.yml and of the files that it names, each at its place', async () => {
  const path = await folder('check', {
    'prometheus.yml': 'global:\n  scrape_intervall: 15s\nrule_files: [rules.yml, gone.yml]\n',
    'rules.yml': `groups:
  - name: g
    rules:
      - alert: A
        expr: rate(shop_orders_total) > 1
        annotations:
          summary: '{{ $value | humanise }}'
`,
  });
  const { code, out, err } = await run('check', join(path, 'prometheus.yml'), join(path, 'rules.yml'));
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/prometheus\.yml:2:3: error: .*scrape_intervall.*\n[\s\S]*did you mean scrape_interval\?/);
  expect(err).toMatch(/gone\.yml:1:1: error: .*no such file/);
  expect(err).toMatch(/rules\.yml:5:20: error: /);
  expect(err).toMatch(/rules\.yml:7:33: error: annotation "summary": .*humanise/);
  expect(err).toMatch(/4 errors in 3 files\.\n$/);
});

test('check warns about windows that are short for the scrapes, not about those of a faster job', async () => {
  const rules =
    'groups:\n  - name: g\n    rules:\n      - {record: a:b, expr: "sum(rate(slow_total[20s]) + rate(fast_total[2m]))"}\n';
  const path = await folder('check', {
    'slow.yml': 'global: {scrape_interval: 30s}\nrule_files: [rules.yml]\n',
    'fast.yml':
      'global: {scrape_interval: 30s}\nrule_files: [rules.yml]\nscrape_configs:\n  - {job_name: a, scrape_interval: 5s}\n',
    'rules.yml': rules,
  });
  const slow = await run('check', join(path, 'slow.yml'));
  expect(slow.code).toBe(0);
  expect(slow.err).toMatch(/rules\.yml:4:\d+: warning: .*20s.*\[short-window\]/);
  expect(slow.err).toMatch(/1 warning in 1 file\.\n$/);
  expect((await run('check', join(path, 'fast.yml'))).err).toBe('');
});

test('check refuses jobs in files of jobs that are wrong or come twice', async () => {
  const path = await folder('check', {
    'prometheus.yml': 'scrape_config_files: [jobs.yml]\nscrape_configs:\n  - job_name: shop\n',
    'jobs.yml': 'scrape_configs:\n  - job_name: shop\n  - job_name: other\n    scheme: gopher\n',
  });
  const { code, err } = await run('check', join(path, 'prometheus.yml'));
  expect(code).toBe(1);
  expect(err).toMatch(/jobs\.yml:4:\d+: error: /);
});

test.for([
  ['a template that is not there', `text: '{{ template "connect.k8s.url" . }}'`, /8:\d+: error: .*connect\.k8s\.url/],
  ['a field that is not there', `text: '{{ .Annotations.summary }}'`, /8:19: error: .*Annotations/],
  ['a function that is not there', `title: '{{ shout "x" }}'`, /8:20: error: .*shout/],
  ['a template that is not closed', `fields: [{title: a, value: '{{ if }}'}]`, /8:43: error: /],
] as const)('check finds %s in a receiver, where it is written', async ([, line, expected]) => {
  const path = await folder('check', {
    'alertmanager.yml': `route:
  receiver: ops
receivers:
  - name: ops
    slack_configs:
      - api_url: https://hooks.slack.com/services/T000/B000/verysecret
        channel: '#ops'
        ${line}
`,
  });
  const { code, err } = await run('check', join(path, 'alertmanager.yml'));
  expect(code).toBe(1);
  expect(err).toMatch(expected);
  expect(err).toContain('receivers[ops].slack_configs[0]');
  expect(err).not.toContain('verysecret');
});

test('check reads template files, also by themselves and beside an alertmanager.yml that is refused', async () => {
  const path = await folder('check', {
    'alertmanager.yml': 'templates: [texts.tmpl]\nroute: {receiver: nobody}\nreceivers: []\n',
    'texts.tmpl': '{{ define "a" }}{{ .Status }}{{ end }}\n{{ define "b" }}{{ if }}{{ end }}{{ end }}\n',
  });
  const whole = await run('check', join(path, 'alertmanager.yml'));
  expect(whole.code).toBe(1);
  expect(whole.err).toMatch(/alertmanager\.yml:\d+:\d+: error: /);
  expect(whole.err).toMatch(/texts\.tmpl:2:\d+: error: /);
  expect((await run('check', join(path, 'texts.tmpl'))).err).toMatch(/texts\.tmpl:2:\d+: error: /);
});

test('up refuses files that cannot be run, and starts nothing', async () => {
  const path = await folder('up', {});
  const files = await writeStandardFiles(path, '127.0.0.1:1', 'http://127.0.0.1:1/hook');
  const good = await readFile(files.alertmanager, 'utf8');
  await writeFile(files.alertmanager, good.replace('receiver:', 'reciever:'));
  const data = join(path, 'data');
  const args = ['--prometheus', files.prometheus, '--alertmanager', files.alertmanager, '--data', data];
  const { code, err } = await run('up', ...args, '--listen', '0');
  expect(code).toBe(1);
  expect(err).toMatch(/alertmanager\.yml:\d+:\d+: error: [\s\S]*Nothing was started\.\n$/);
  await expect(stat(data)).rejects.toThrow('ENOENT');
});

test.for([
  ['a command that there is not', ['wach'], /unknown command 'wach'/],
  ['a flag that there is not', ['up', '--promethes', 'x'], /--prometheus/],
  ['a required flag that is missing', ['generate'], /--out/],
  ['a value that is none', ['demo', 'drill', '--seed', 'x'], /a number/],
] as const)('%s is a command line that makes no sense: exit code 2', async ([, args, expected]) => {
  const { code, err } = await run(...args);
  expect(code).toBe(2);
  expect(err).toMatch(expected);
});

test('a file that is not there and an address that is none are said in a line: exit code 1', async () => {
  const { code, err } = await run('check', join(dir, 'no-such.yaml'));
  expect(code).toBe(1);
  expect(err).toMatch(/no such file[\s\S]*tillwatch init/);
  const listen = await run('demo', '--listen', 'here', '--data', join(dir, 'demo'));
  expect(listen.code).toBe(1);
  expect(listen.err).toContain('"here" is not an address to listen on');
  expect(listen.err).not.toMatch(/\n\s+at /);
});

test('the drills can be listed, for people and for programs', async () => {
  const listed = await run('demo', 'drill', '--list');
  expect(listed.code).toBe(0);
  const names = listed.out
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  expect(names.sort()).toEqual([
    'bad-release',
    'broken-page',
    'card-testing',
    'pool-exhausted',
    'promotion',
    'provider-outage',
    'provider-partial',
    'region-outage',
    'rolling-deploy',
    'shop-down',
    'slow-database',
    'stock-errors',
  ]);
  const faults = JSON.parse((await run('demo', 'drill', '--list', '--json')).out) as { name: string; expect: string }[];
  const quiet = faults.filter(({ expect }) => expect !== 'page').map(({ name }) => name);
  expect(quiet.sort()).toEqual(['card-testing', 'promotion', 'rolling-deploy']);
  const unknown = await run('demo', 'drill', 'provider-outtage');
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('did you mean provider-outage?') });
});

test('check refuses a job that could not be scraped as it is written, with a way out', async () => {
  const path = await folder('check', {
    'prometheus.yml': `scrape_configs:
  - job_name: pods
    kubernetes_sd_configs: [{ role: pod }]
  - job_name: shop
    static_configs: [{ targets: ['shop:3000'] }]
    oauth2: { client_id: till, token_url: 'http://login/token', grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }
`,
  });
  const { code, err } = await run('check', join(path, 'prometheus.yml'));
  expect(code).toBe(1);
  expect(err).toMatch(/:3:5: error: kubernetes_sd_configs is not supported .*\n[\s\S]*use file_sd_configs/);
  expect(err).toMatch(/:6:\d+: error: grant_type .*jwt-bearer of oauth2 is not supported/);
});

test('check metrics tells what strict readers refuse apart from what is unusual', async () => {
  const path = await folder('metrics', {
    good: '# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total 1\n',
    unusual: '# TYPE calls counter\ncalls 1\n',
    bad: '# TYPE calls gauge\ncalls{a="b 1\n',
  });
  expect(await run('check', 'metrics', join(path, 'good'))).toEqual({
    code: 0,
    out: '1 page checked: fine.\n',
    err: '',
  });
  const unusual = await run('check', 'metrics', join(path, 'unusual'), join(path, 'good'));
  expect(unusual).toMatchObject({ code: 3, out: '' });
  expect(unusual.err).toMatch(/unusual:1:1: warning: metric "calls": no help text/);
  const bad = await run('check', 'metrics', join(path, 'bad'));
  expect(bad.code).toBe(1);
  expect(bad.err).toMatch(/bad:2:\d+: error: /);
  expect((await run('check', 'metrics', join(path, 'gone'))).err).toContain('there is no such file');
});
