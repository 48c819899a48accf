import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type DnsSdConfig, type HttpSdConfig, type ScrapeConfig, Secret } from '@tillwatch/config';
import { Labels, silentLogger } from '@tillwatch/model';
import { ManualClock } from '@tillwatch/model/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DiscoveredTarget } from '../src/discovery/discoverer.ts';
import { DnsDiscovery, type NameServer, readSearchPath } from '../src/discovery/dns-discovery.ts';
import { createScraper, type TargetStatus } from '../src/index.ts';
import { loopback, page, until } from './loopback.ts';
import { MemoryStore } from './memory-store.ts';
import { job, prometheus, rule } from './settings.ts';

const MINUTE_MS = 60_000;

function watch(settings: Partial<ScrapeConfig>) {
  const clock = new ManualClock(1_000_000_000);
  const store = new MemoryStore();
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (message: string, fields?: object) => void lines.push(message + text(fields)),
  };
  const scraper = createScraper({ config: prometheus(job(settings)), appendable: store, clock, logger });
  scraper.start();
  onTestFinished(() => scraper.stop());
  const active = () => scraper.targets().filter((target): target is Active => target.state === 'active');
  return {
    clock,
    store,
    scraper,
    lines,
    active,
    addresses: () => active().map(({ labels }) => labels.get('instance')),
    failures: () => scraper.pools()[0]!.searches[0]!.failures,
    /** Lets time pass in steps until something is so. */
    async happens(condition: () => boolean, stepMs = 100) {
      for (let i = 0; i < 2_000 && !condition(); i++) {
        await clock.advance(stepMs);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(condition()).toBe(true);
    },
  };
}

type Active = Extract<TargetStatus, { state: 'active' }>;

function text(fields: object | undefined): string {
  return JSON.stringify(fields ?? {});
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tillwatch-sd-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('file_sd_configs', () => {
  const searched = (...files: string[]) => ({
    // Targets are looked at without being scraped.
    scrapeIntervalMs: 3_600_000,
    fileSdConfigs: [{ files, refreshIntervalMs: 60 * MINUTE_MS }],
  });

  test('JSON and YAML files give targets with their labels and where they were found', async () => {
    const dir = folder();
    const json = join(dir, 'a.json');
    writeFileSync(json, JSON.stringify([{ targets: ['shop-1:3000', 'shop-2:3000'], labels: { team: 'pay' } }]));
    writeFileSync(join(dir, 'b.yml'), '- targets: [shop-3:3000]\n');
    writeFileSync(join(dir, 'c.json.bak'), 'no targets');
    const { happens, active, scraper } = watch(
      searched(join(dir, '*.json'), join(dir, 'b.yml'), join(dir, 'gone.yml')),
    );
    await happens(() => active().length === 3);
    expect(active().map(({ labels }) => String(labels))).toEqual([
      '{instance="shop-1:3000", job="shop", team="pay"}',
      '{instance="shop-2:3000", job="shop", team="pay"}',
      '{instance="shop-3:3000", job="shop"}',
    ]);
    expect(active()[0]!.discoveredLabels.get('__meta_filepath')).toBe(json);
    expect(scraper.pools()).toMatchObject([{ name: 'shop', discovered: 3, dropped: 0 }]);
  });

  test('a change is seen without waiting for the refresh interval; targets that stay are not touched', async () => {
    const dir = folder();
    const [kept, gone] = [await page('a 1\n'), await page('b 1\n')];
    const file = join(dir, 'shop.json');
    writeFileSync(file, JSON.stringify([{ targets: [kept.address, gone.address] }]));
    const { happens, active, addresses, store } = watch({ ...searched(file), scrapeIntervalMs: 10_000 });
    await happens(() => active().every(({ health }) => health === 'up') && active().length === 2);
    // A whole new file in its place, as editors and orchestrators do it.
    writeFileSync(`${file}.new`, JSON.stringify([{ targets: [kept.address, '127.0.0.1:1'] }]));
    renameSync(`${file}.new`, file);
    await happens(() => addresses().includes('127.0.0.1:1'), 1);
    expect(addresses()).not.toContain(gone.address);
    expect(active()[0]!.lastScrapeMs).toBeDefined();
    const own = `instance="${gone.address}", job="shop"`;
    await until(() => store.batches.some((batch) => batch.some(({ value }) => value === 'stale')));
    const ended = store.batches.flat().filter(({ value }) => value === 'stale');
    expect(ended.map(({ series }) => series)).toContain(`b{${own}}`);
    expect(ended.every(({ series }) => series.includes(gone.address))).toBe(true);
  });

  test('a folder that is swapped by a link is seen, as it is done with mounted configuration', async () => {
    const dir = folder();
    for (const [version, target] of [
      ['1', 'old:1'],
      ['2', 'new:1'],
    ] as const) {
      mkdirSync(join(dir, version));
      writeFileSync(join(dir, version, 'shop.yml'), `- targets: ['${target}']\n`);
    }
    symlinkSync('1', join(dir, 'data'));
    symlinkSync('data/shop.yml', join(dir, 'shop.yml'));
    const { happens, addresses } = watch(searched(join(dir, 'shop.yml')));
    await happens(() => addresses()[0] === 'old:1');
    symlinkSync('2', join(dir, 'data.new'));
    renameSync(join(dir, 'data.new'), join(dir, 'data'));
    await happens(() => addresses()[0] === 'new:1', 1);
  });

  test.for([
    ['cannot be read', '- targets: [shop-1:3000', 'shop.yml'],
    ['has a field that is none', '- targets: [shop-1:3000]\n  labls: {}\n', 'labls'],
    ['has a group that is nothing', '- \n', 'nil target group item found'],
  ] as const)('a file that %s keeps the targets that it had, and says so', async ([, broken, message]) => {
    const dir = folder();
    const file = join(dir, 'shop.yml');
    writeFileSync(file, "- targets: ['shop-1:3000']\n");
    writeFileSync(join(dir, 'other.yml'), "- targets: ['other:1']\n");
    const { happens, addresses, failures, lines } = watch(searched(join(dir, '*.yml')));
    await happens(() => addresses().length === 2);
    expect(failures()).toBe(0);
    writeFileSync(file, broken);
    await happens(() => failures() > 0);
    expect(addresses()).toEqual(['other:1', 'shop-1:3000']);
    expect(lines.join()).toContain('those that were found last stay');
    expect(lines.join()).toContain(message);
    rmSync(file);
    await happens(() => addresses().join() === 'other:1');
  });

  test('a file in a folder that is made later is found at the next refresh', async () => {
    const dir = join(folder(), 'later');
    const { happens, addresses, scraper } = watch(searched(join(dir, 'shop.yml')));
    await happens(() => scraper.pools()[0]!.searches[0]!.refreshes === 1);
    mkdirSync(dir);
    writeFileSync(join(dir, 'shop.yml'), "- targets: ['shop-1:3000']\n");
    await happens(() => addresses().length === 1, 10 * MINUTE_MS);
  });

  test('relabelling sees the meta labels', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'eu.json'), '[{"targets":["a:1"]}]');
    writeFileSync(join(dir, 'us.json'), '[{"targets":["b:1"]}]');
    const { happens, active, scraper } = watch({
      ...searched(join(dir, '*.json')),
      relabelConfigs: [
        rule({ sourceLabels: ['__meta_filepath'], regex: '.*/us\\.json', action: 'drop' }),
        rule({ sourceLabels: ['__meta_filepath'], regex: '.*/(.*)\\.json', targetLabel: 'region' }),
      ],
    });
    await happens(() => active().length === 1);
    expect(String(active()[0]!.labels)).toBe('{instance="a:1", job="shop", region="eu"}');
    expect(scraper.pools()).toMatchObject([{ discovered: 2, dropped: 1 }]);
  });
});

describe('http_sd_configs', () => {
  const { relabelConfigs: _, ...client } = job({});
  const asked = (url: string, more: Partial<HttpSdConfig> = {}): Partial<ScrapeConfig> => ({
    scrapeIntervalMs: 3_600_000,
    httpSdConfigs: [{ ...client, url, refreshIntervalMs: MINUTE_MS, ...more }],
  });

  test('an endpoint is asked again and again, as Prometheus asks it', async () => {
    const answers = ['[{"targets":["a:1"],"labels":{"team":"pay"}}]', '[{"targets":["b:1"]}]'];
    const seen: unknown[] = [];
    const address = await loopback((request, response) => {
      const { accept, authorization } = request.headers;
      seen.push([request.url, accept, authorization, request.headers['x-prometheus-refresh-interval-seconds']]);
      response.setHeader('content-type', 'application/json; charset=utf-8').setHeader('content-encoding', 'gzip');
      response.end(gzipSync(answers[seen.length - 1] ?? '[]'));
    });
    const { happens, active, addresses, clock } = watch(
      asked(`http://${address}/targets?shop=1`, {
        authorization: { type: 'Bearer', credentials: new Secret('hush'), credentialsFile: undefined },
      }),
    );
    await happens(() => active().length === 1, 0);
    expect(String(active()[0]!.labels)).toBe('{instance="a:1", job="shop", team="pay"}');
    expect(active()[0]!.discoveredLabels.get('__meta_url')).toBe(`http://${address}/targets?shop=1`);
    expect(seen).toEqual([['/targets?shop=1', 'application/json', 'Bearer hush', '60']]);
    await clock.advance(MINUTE_MS);
    await happens(() => addresses()[0] === 'b:1', 0);
    await clock.advance(MINUTE_MS);
    await happens(() => addresses().length === 0, 0);
  });

  const failures = {
    'an error': [500, 'application/json', '[]', /returned HTTP status 500 Internal Server Error/],
    'another content type': [200, 'text/html', '[]', /Content-Type \\"text\/html\\": it has to be application\/json/],
    'no JSON': [200, 'application/json', '[{"targets": [', /did not send JSON/],
    'a group that is nothing': [200, 'application/json', '[null]', /nil target group item found/],
    'targets that are no texts': [200, 'application/json', '[{"targets": [{}]}]', /.+/],
  } as const;
  test.for(Object.entries(failures))(
    '%s keeps the targets that were found last',
    async ([, [status, type, body, message]]) => {
      let isBroken = false;
      const address = await loopback((_request, response) => {
        response.writeHead(isBroken ? status : 200, { 'content-type': isBroken ? type : 'application/json' });
        response.end(isBroken ? body : '[{"targets":["a:1"]}]');
      });
      const { happens, addresses, failures: failed, lines, clock } = watch(asked(`http://${address}/`));
      await happens(() => addresses().length === 1, 0);
      isBroken = true;
      await clock.advance(MINUTE_MS);
      await happens(() => failed() === 1, 0);
      expect(addresses()).toEqual(['a:1']);
      expect(lines[0]).toMatch(message);
      // The same trouble once more is counted and not said again.
      await clock.advance(MINUTE_MS);
      await happens(() => failed() === 2, 0);
      expect(lines).toHaveLength(1);
    },
  );

  test('an endpoint that does not answer is given up, and asked again', async () => {
    let questions = 0;
    const address = await loopback(() => void questions++);
    const { happens, failures: failed, lines } = watch(asked(`http://${address}/`));
    await happens(() => failed() === 1, 10_000);
    expect(lines[0]).toContain('timeout: no complete answer within 30s');
    await happens(() => questions === 2, 10_000);
  });

  test('a reload keeps what was found until the endpoint was asked again', async () => {
    let isUp = true;
    const address = await loopback((_request, response) => {
      if (!isUp) return;
      response.setHeader('content-type', 'application/json').end('[{"targets":["a:1"]}]');
    });
    const { happens, addresses, scraper } = watch(asked(`http://${address}/`));
    await happens(() => addresses().length === 1, 0);
    isUp = false;
    await scraper.apply(prometheus(job({ ...asked(`http://${address}/`), sampleLimit: 10 })));
    expect(addresses()).toEqual(['a:1']);
    await scraper.apply(prometheus(job({})));
    expect(addresses()).toEqual([]);
  });
});

/** A name server on a free UDP port that knows the SRV records of one name. */
async function nameServer(name: string, records: readonly (readonly [port: number, host: string])[]): Promise<number> {
  const wire = (domain: string) =>
    Buffer.concat([
      ...domain.split('.').map((part) => Buffer.concat([Buffer.from([part.length]), Buffer.from(part)])),
      Buffer.from([0]),
    ]);
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const end = question.indexOf(0, 12) + 5;
    const isKnown = question.subarray(12, end - 4).equals(wire(name));
    const answers = records.map(([port, host]) => {
      const target = wire(host);
      // A pointer to the name of the question, type SRV, class IN, a minute; priority 1, weight 1.
      const head = Buffer.from([
        0xc0,
        12,
        0,
        33,
        0,
        1,
        0,
        0,
        0,
        60,
        0,
        6 + target.length,
        0,
        1,
        0,
        1,
        port >> 8,
        port & 255,
      ]);
      return Buffer.concat([head, target]);
    });
    const header = Buffer.from(question.subarray(0, 12));
    header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(isKnown ? answers.length : 0, 6);
    header.writeUInt32BE(0, 8);
    socket.send(
      Buffer.concat([header, question.subarray(12, end), ...(isKnown ? answers : [])]),
      from.port,
      from.address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void socket.close());
  return socket.address().port;
}

describe('dns_sd_configs', () => {
  const failing = (code: string) => async (): Promise<never> => {
    throw Object.assign(new Error(code), { code });
  };
  const records: Partial<Record<keyof NameServer, unknown>> = {
    resolveSrv: [{ name: 'shop-1.example.com', port: 3000, priority: 1, weight: 1 }],
    resolveMx: [{ exchange: 'mail.example.com', priority: 1 }],
    resolveNs: ['ns.example.com'],
    resolve4: ['192.0.2.1', '192.0.2.2'],
    resolve6: ['2001:db8::1'],
  };
  const server = (overrides: Partial<Record<keyof NameServer, unknown>> = {}) =>
    ({
      ...Object.fromEntries(Object.entries(records).map(([name, answer]) => [name, async () => answer])),
      cancel() {},
      ...overrides,
    }) as unknown as NameServer;
  const config = (overrides: Partial<DnsSdConfig>): DnsSdConfig => ({
    names: ['shop.example.com'],
    type: 'SRV',
    port: 80,
    refreshIntervalMs: 30_000,
    ...overrides,
  });
  const found = async (discovery: DnsDiscovery, previous: DiscoveredTarget[] = []) => {
    const { targets, errors } = await discovery.refresh(previous, new AbortController().signal);
    return { targets: targets.map((labels) => Labels.from(labels).toRecord()), errors };
  };
  const name = { __meta_dns_name: 'shop.example.com' };
  const nowhere = { domains: [], dots: 1 };

  test.for([
    [
      'SRV',
      [
        {
          ...name,
          __address__: 'shop-1.example.com:3000',
          __meta_dns_srv_record_target: 'shop-1.example.com.',
          __meta_dns_srv_record_port: '3000',
        },
      ],
    ],
    ['MX', [{ ...name, __address__: 'mail.example.com:80', __meta_dns_mx_record_target: 'mail.example.com.' }]],
    ['NS', [{ ...name, __address__: 'ns.example.com:80', __meta_dns_ns_record_target: 'ns.example.com.' }]],
    [
      'A',
      [
        { ...name, __address__: '192.0.2.1:80' },
        { ...name, __address__: '192.0.2.2:80' },
      ],
    ],
    ['AAAA', [{ ...name, __address__: '[2001:db8::1]:80' }]],
  ] as const)('%s records become targets', async ([type, targets]) => {
    expect(await found(new DnsDiscovery(config({ type }), server(), nowhere))).toEqual({ targets, errors: [] });
  });

  test('a real name server is understood: SRV records by UDP', async () => {
    const port = await nameServer('_shop._tcp.example.test', [
      [3000, 'shop-1.example.test'],
      [3001, 'shop-2.example.test'],
    ]);
    const resolver = new Resolver({ tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    const discovery = new DnsDiscovery(config({ names: ['_shop._tcp.example.test'] }), resolver, nowhere);
    const { targets, errors } = await found(discovery);
    expect(errors).toEqual([]);
    expect(targets).toEqual(
      [1, 2].map((i) => ({
        __meta_dns_name: '_shop._tcp.example.test',
        __address__: `shop-${i}.example.test:${2999 + i}`,
        __meta_dns_srv_record_target: `shop-${i}.example.test.`,
        __meta_dns_srv_record_port: String(2999 + i),
      })),
    );
    expect(await found(new DnsDiscovery(config({ names: ['gone.test'] }), resolver, nowhere))).toEqual({
      targets: [],
      errors: [],
    });
  });

  test('a name that does not exist has no targets; one that cannot be asked for keeps those it had', async () => {
    const gone = new DnsDiscovery(config({ type: 'A' }), server({ resolve4: failing('ENOTFOUND') }), nowhere);
    const kept: DiscoveredTarget = [
      ['__meta_dns_name', 'shop.example.com'],
      ['__address__', '192.0.2.9:80'],
    ];
    expect(await found(gone, [kept])).toEqual({ targets: [], errors: [] });
    const silent = new DnsDiscovery(config({ type: 'A' }), server({ resolve4: failing('ETIMEOUT') }), nowhere);
    expect(await found(silent, [kept])).toEqual({
      targets: [{ ...name, __address__: '192.0.2.9:80' }],
      errors: ['cannot look up A records of shop.example.com: ETIMEOUT'],
    });
  });

  test.for([
    ['shop', ['shop.svc.example.com', 'shop.example.com', 'shop']],
    ['shop.eu.pay', ['shop.eu.pay', 'shop.eu.pay.svc.example.com', 'shop.eu.pay.example.com']],
    ['shop.', ['shop.']],
  ] as const)('%s is looked for along the search path', async ([short, questions]) => {
    const asked: string[] = [];
    const resolve4 = async (question: string) => {
      asked.push(question);
      return failing('ENOTFOUND')();
    };
    const path = readSearchPath('nameserver 192.0.2.53\nsearch svc.example.com example.com.\noptions edns0 ndots:2\n');
    await found(new DnsDiscovery(config({ type: 'A', names: [short] }), server({ resolve4 }), path));
    expect(asked).toEqual(questions);
  });
});
