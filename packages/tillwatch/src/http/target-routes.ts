import type { MetricMetadata, Scraper, TargetStatus } from '@tillwatch/scrape';
import type { FastifyInstance } from 'fastify';
import { createApiRoutes, type OriginTest } from './api-routes.ts';
import { sendData } from './reply.ts';
import { matchersOf } from './selectors.ts';
import { timeJson } from './time-json.ts';

/** What is told about targets. */
export interface TargetServices {
  readonly scraper: Scraper;
  /** The address under which others reach us: what is local to us is reached at the same machine. */
  readonly externalUrl: string;
  /** Pages of which other origins may read answers; none when not given. */
  readonly corsOrigin?: OriginTest | undefined;
}

/** `/api/v1/targets`, `targets/metadata`, `scrape_pools` and `metadata`, as Prometheus answers them. */
export function registerTargetRoutes(app: FastifyInstance, { scraper, externalUrl, corsOrigin }: TargetServices): void {
  const routes = createApiRoutes(app, corsOrigin);

  routes.get('/api/v1/targets', (parameters, reply) => {
    const state = parameters.get('state').toLowerCase();
    const pool = parameters.get('scrapePool');
    const isShown = (kind: string) => ['', 'any', kind].includes(state);
    const targets = scraper.targets().filter(({ scrapePool }) => pool === '' || scrapePool === pool);
    const dropped = isShown('dropped') ? targets.filter(isDropped) : [];
    return sendData(
      reply,
      JSON.stringify({
        activeTargets: isShown('active')
          ? targets.filter(isActive).map((target) => targetJson(target, externalUrl))
          : [],
        droppedTargets: dropped.map(({ discoveredLabels, scrapePool }) => ({ discoveredLabels, scrapePool })),
        // All that were dropped, also those that are not remembered.
        droppedTargetCounts: isShown('dropped')
          ? Object.fromEntries(scraper.pools().map((one) => [one.name, one.dropped]))
          : {},
      }),
    );
  });

  routes.get('/api/v1/scrape_pools', (_parameters, reply) => {
    const scrapePools = scraper
      .pools()
      .map(({ name }) => name)
      .sort();
    return sendData(reply, JSON.stringify({ scrapePools }));
  });

  routes.get('/api/v1/targets/metadata', (parameters, reply) => {
    const limit = parameters.number('limit') ?? -1;
    const metric = parameters.get('metric');
    const text = parameters.get('match_target');
    const matchers = text === '' ? [] : matchersOf('match_target', text);
    const found = scraper
      .metadata()
      .filter((one) => metric === '' || one.metric === metric)
      .filter(({ target }) => matchers.every((matcher) => matcher.matchesLabels(target)))
      .map(({ target, metric: name, type, help, unit }) => ({
        target,
        // Who asks for one metric knows its name.
        ...(metric === '' ? { metric: name } : {}),
        type,
        help,
        unit,
      }));
    return sendData(reply, JSON.stringify(limit < 0 ? found : found.slice(0, limit)));
  });

  routes.get('/api/v1/metadata', (parameters, reply) => {
    const limit = parameters.number('limit') ?? -1;
    const perMetric = parameters.number('limit_per_metric') ?? -1;
    const byMetric = metadataByMetric(scraper.metadata(), parameters.get('metric'), limit, perMetric);
    return sendData(reply, JSON.stringify(Object.fromEntries(byMetric)));
  });
}

interface Described {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** What is said about each metric, each once; a `metric` of '' is every metric, limits below 0 are none. */
function metadataByMetric(
  all: readonly MetricMetadata[],
  metric: string,
  limit: number,
  perMetric: number,
): Map<string, Described[]> {
  const byMetric = new Map<string, Described[]>();
  for (const { metric: name, type, help, unit } of all) {
    if (metric !== '' && name !== metric) continue;
    const known = byMetric.get(name) ?? [];
    if (known.length === 0 && limit >= 0 && byMetric.size >= limit) continue;
    byMetric.set(name, known);
    if (known.some((other) => other.type === type && other.help === help && other.unit === unit)) continue;
    if (perMetric <= 0 || known.length < perMetric) known.push({ type, help, unit });
  }
  return byMetric;
}

type ActiveTarget = Extract<TargetStatus, { state: 'active' }>;
type DroppedTarget = Extract<TargetStatus, { state: 'dropped' }>;

function isActive(target: TargetStatus): target is ActiveTarget {
  return target.state === 'active';
}

function isDropped(target: TargetStatus): target is DroppedTarget {
  return target.state === 'dropped';
}

function targetJson(target: ActiveTarget, externalUrl: string): object {
  return {
    discoveredLabels: target.discoveredLabels,
    labels: target.labels,
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: globalUrl(target.scrapeUrl, externalUrl),
    lastError: target.lastError,
    lastScrape: timeJson(target.lastScrapeMs),
    lastScrapeDuration: target.lastScrapeDurationMs / 1000,
    health: target.health,
    scrapeInterval: target.discoveredLabels.get('__scrape_interval__') || `${target.intervalMs / 1000}s`,
    scrapeTimeout: target.discoveredLabels.get('__scrape_timeout__') || `${target.timeoutMs / 1000}s`,
  };
}

const LOCAL_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

/** A target's URL for others: what we reach on our own machine, they reach at the host of our address. */
function globalUrl(scrapeUrl: string, externalUrl: string): string {
  if (!URL.canParse(scrapeUrl) || !URL.canParse(externalUrl)) return scrapeUrl;
  const url = new URL(scrapeUrl);
  if (!LOCAL_HOSTS.includes(url.hostname)) return scrapeUrl;
  url.hostname = new URL(externalUrl).hostname;
  return url.href;
}
