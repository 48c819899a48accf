import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SentinelSample } from '@tillwatch/checkout';
import { METRIC_NAME } from '@tillwatch/model';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../build-info.ts';

/** Serves what a sentinel publishes to whoever scrapes it. */
export interface EvidenceServer {
  /** Where it listens, with the port that was picked. */
  readonly url: string;
  /** Replaces what is served. From the first call on the server is ready. */
  publish(samples: readonly SentinelSample[]): void;
  stop(): Promise<void>;
}

/**
 * Listens with `/metrics`, `/-/healthy` and `/-/ready`. When nothing was published for `staleAfterMs`, only the process's own metrics
 * are served: old evidence must not be taken for new. Rejects when the port is taken.
 */
export async function startEvidenceServer(options: {
  readonly listen: { readonly host: string; readonly port: number };
  readonly staleAfterMs: number;
  readonly nowMs: () => number;
}): Promise<EvidenceServer> {
  const { listen, staleAfterMs, nowMs } = options;
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  new Gauge({ name: 'tillwatch_build_info', help: 'The version that runs.', labelNames: ['version'], registers: [own] })
    .labels(VERSION)
    .set(1);
  let evidence = new Registry();
  let publishedAtMs: number | undefined;

  const pages: Readonly<Record<string, () => Promise<{ status: number; type: string; text: string }>>> = {
    '/metrics': async () => {
      const isFresh = publishedAtMs !== undefined && nowMs() - publishedAtMs <= staleAfterMs;
      const text = isFresh ? await Registry.merge([own, evidence]).metrics() : await own.metrics();
      return { status: 200, type: own.contentType, text };
    },
    '/-/healthy': async () => ({ status: 200, type: 'text/plain', text: 'The sentinel is healthy.\n' }),
    '/-/ready': async () =>
      publishedAtMs === undefined
        ? { status: 503, type: 'text/plain', text: 'The sentinel is learning.\n' }
        : { status: 200, type: 'text/plain', text: 'The sentinel is ready.\n' },
  };
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    const page = pages[(request.url ?? '/').split('?')[0] as string];
    if (page === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Here are /metrics, /-/healthy and /-/ready.\n');
      return;
    }
    page().then(
      ({ status, type, text }) => response.writeHead(status, { 'content-type': type }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.maxConnections = 50;
  await listening(server, listen);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    publish(samples) {
      evidence = registryOf(samples);
      publishedAtMs = nowMs();
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'something listens there already; take another port' : error.message;
      reject(new Error(`cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}

const HELP: Readonly<Record<string, string>> = {
  tillwatch_incident: 'An incident that the sentinel has open: the share that fails or is missing.',
  tillwatch_evidence: 'Evidence against a healthy part of the checkout, in nats.',
};

function registryOf(samples: readonly SentinelSample[]): Registry {
  const registry = new Registry();
  const byName = new Map<string, SentinelSample[]>();
  for (const sample of samples) {
    const name = sample.labels.metricName;
    const known = byName.get(name);
    if (known === undefined) byName.set(name, [sample]);
    else known.push(sample);
  }
  for (const [name, alike] of byName) {
    const records = alike.map(({ labels, value }) => ({ labels: labels.without([METRIC_NAME]).toRecord(), value }));
    const labelNames = [...new Set(records.flatMap(({ labels }) => Object.keys(labels)))];
    const options = { name, help: HELP[name] ?? 'Of the sentinel.', labelNames, registers: [registry] };
    if (name.endsWith('_total')) {
      const counter = new Counter(options);
      for (const { labels, value } of records) counter.inc(labels, value);
    } else {
      const gauge = new Gauge(options);
      for (const { labels, value } of records) gauge.set(labels, value);
    }
  }
  return registry;
}
