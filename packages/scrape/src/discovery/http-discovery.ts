import type { HttpSdConfig } from '@tillwatch/config';
import { quote } from '@tillwatch/model';
import { statusText } from '../http/fetch-page.ts';
import { HttpClient, withoutCredentials } from '../http/http-client.ts';
import { ScrapeError } from '../http/scrape-error.ts';
import type { Discoverer, Discovery, DiscoveryPorts } from './discoverer.ts';
import { LARGEST_LIST_BYTES, readTargetGroups, targetsOf } from './target-groups.ts';

const JSON_TYPE = /^application\/json(?:;\s*charset=(?:"utf-8"|utf-8))?$/i;

/** Asks an HTTP endpoint for targets. */
export class HttpDiscovery implements Discoverer {
  readonly mechanism = 'http';
  readonly id: string;
  readonly refreshIntervalMs: number;
  readonly #url: string;
  readonly #client: HttpClient;

  constructor(config: HttpSdConfig, ports: DiscoveryPorts) {
    this.#url = config.url;
    this.refreshIntervalMs = config.refreshIntervalMs;
    this.id = JSON.stringify(['http', config.url]);
    this.#client = new HttpClient(config, ports);
  }

  async refresh(_previous: unknown, signal: AbortSignal): Promise<Discovery> {
    const shown = withoutCredentials(this.#url);
    const { status, header, body } = await this.#client.get({
      url: this.#url,
      headers: {
        accept: ['application/json'],
        'accept-encoding': ['gzip'],
        'user-agent': ['Tillwatch'],
        'x-prometheus-refresh-interval-seconds': [String(this.refreshIntervalMs / 1000)],
      },
      limitBytes: LARGEST_LIST_BYTES,
      signal,
    });
    if (status !== 200) throw new ScrapeError('status', `${shown} returned HTTP status ${statusText(status)}`);
    const type = header('content-type') ?? '';
    if (!JSON_TYPE.test(type.trim())) {
      throw new ScrapeError('content-type', `${shown} sent Content-Type ${quote(type)}: it has to be application/json`);
    }
    const text = Buffer.from(body).toString('utf8');
    if (!isJson(text)) throw new ScrapeError('format', `${shown} did not send JSON`);
    const groups = readTargetGroups(shown, text);
    return { targets: targetsOf(groups, [['__meta_url', shown]]), errors: [] };
  }

  stop(): Promise<void> {
    return this.#client.destroy();
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
