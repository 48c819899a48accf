import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { DnsSdConfig } from '@tillwatch/config';
import type { Label } from '@tillwatch/model';
import type { DiscoveredTarget, Discoverer, Discovery } from './discoverer.ts';

/** The questions that are put to name servers; Node's `Resolver` answers them. */
export type NameServer = Pick<Resolver, 'resolve4' | 'resolve6' | 'resolveMx' | 'resolveNs' | 'resolveSrv' | 'cancel'>;

/** Finds targets in the domain name system. A name that does not exist has no targets. */
export class DnsDiscovery implements Discoverer {
  readonly mechanism = 'dns';
  readonly id: string;
  readonly refreshIntervalMs: number;
  readonly #config: DnsSdConfig;
  readonly #server: NameServer;
  readonly #search: SearchPath;

  constructor(config: DnsSdConfig, server: NameServer = new Resolver({ tries: 2 }), search = systemSearchPath()) {
    this.#config = config;
    this.refreshIntervalMs = config.refreshIntervalMs;
    this.id = JSON.stringify(['dns', config.names, config.type, config.port]);
    this.#server = server;
    this.#search = search;
  }

  async refresh(previous: readonly DiscoveredTarget[], signal: AbortSignal): Promise<Discovery> {
    const cancel = () => this.#server.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const errors: string[] = [];
      const found = await Promise.all(
        this.#config.names.map(async (name) => {
          try {
            return await this.#targetsOf(name);
          } catch (error) {
            const { code, message } = error as NodeJS.ErrnoException;
            errors.push(`cannot look up ${this.#config.type} records of ${name}: ${code ?? message}`);
            return previous.filter((target) => target.some((label) => isLabel(label, '__meta_dns_name', name)));
          }
        }),
      );
      signal.throwIfAborted();
      return { targets: found.flat(), errors };
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  async stop(): Promise<void> {
    this.#server.cancel();
  }

  async #targetsOf(name: string): Promise<DiscoveredTarget[]> {
    let failure: unknown;
    for (const candidate of namesToAsk(name, this.#search)) {
      try {
        const records = await this.#records(candidate);
        if (records.length > 0) return records.map((labels) => [['__meta_dns_name', name], ...labels]);
      } catch (error) {
        // No such name, or none with such a record: perhaps under the next domain.
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOTFOUND' && code !== 'ENODATA') failure = error;
      }
    }
    if (failure !== undefined) throw failure;
    return [];
  }

  async #records(name: string): Promise<Label[][]> {
    const { type, port } = this.#config;
    const server = this.#server;
    switch (type) {
      case 'SRV':
        return (await server.resolveSrv(name)).map((record) => [
          ['__address__', hostPort(record.name, record.port)],
          ['__meta_dns_srv_record_target', rooted(record.name)],
          ['__meta_dns_srv_record_port', String(record.port)],
        ]);
      case 'MX':
        return (await server.resolveMx(name)).map(({ exchange }) => [
          ['__address__', hostPort(exchange, port)],
          ['__meta_dns_mx_record_target', rooted(exchange)],
        ]);
      case 'NS':
        return (await server.resolveNs(name)).map((host) => [
          ['__address__', hostPort(host, port)],
          ['__meta_dns_ns_record_target', rooted(host)],
        ]);
      case 'A':
        return (await server.resolve4(name)).map((address) => [['__address__', hostPort(address, port)]]);
      case 'AAAA':
        return (await server.resolve6(name)).map((address) => [['__address__', hostPort(address, port)]]);
    }
  }
}

function isLabel([name, value]: Label, wanted: string, wantedValue: string): boolean {
  return name === wanted && value === wantedValue;
}

function hostPort(host: string, port: number): string {
  const bare = host.replace(/\.+$/, '');
  return `${isIPv6(bare) ? `[${bare}]` : bare}:${port}`;
}

/** The name as it stands in the record, with the dot of the root at its end. */
function rooted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** Domains in which short names are looked for, and how many dots make a name that is asked for as it is first. */
export interface SearchPath {
  readonly domains: readonly string[];
  readonly dots: number;
}

/** The search path of the machine, from its `resolv.conf`. */
export function readSearchPath(text: string): SearchPath {
  let domains: string[] = [];
  let dots = 1;
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = line.trim().split(/\s+/);
    if (keyword === 'search') domains = words;
    if (keyword === 'domain') domains = words.slice(0, 1);
    if (keyword !== 'options') continue;
    for (const word of words) if (/^ndots:\d+$/.test(word)) dots = Math.min(15, Number(word.slice('ndots:'.length)));
  }
  return { domains, dots };
}

function systemSearchPath(): SearchPath {
  try {
    return readSearchPath(readFileSync('/etc/resolv.conf', 'utf8'));
  } catch {
    return { domains: [], dots: 1 };
  }
}

function namesToAsk(name: string, { domains, dots }: SearchPath): string[] {
  if (name.endsWith('.')) return [name];
  const below = domains.map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  return name.split('.').length - 1 >= dots ? [name, ...below] : [...below, name];
}
