import { BlockList, isIP } from 'node:net';
import type { ProxySettings } from '@tillwatch/config';

/** Variables of the environment, as the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The URL of the proxy through which a URL is fetched; `undefined` when it is fetched directly. As in Prometheus, `localhost`
 * and loopback addresses never go through a proxy that has exceptions (`no_proxy`) or comes from the environment.
 */
export function proxyFor(url: URL, settings: ProxySettings, environment: Environment): string | undefined {
  const { proxyUrl, noProxy, proxyFromEnvironment } = settings;
  if (!proxyFromEnvironment) {
    if (proxyUrl === undefined || proxyUrl === '') return undefined;
    const isExcepted = noProxy !== undefined && noProxy !== '' && bypasses(url, noProxy);
    return isExcepted ? undefined : proxyUrl;
  }
  const scheme = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const variable = (name: string) => environment[name.toUpperCase()] || environment[name] || '';
  const proxy = variable(scheme);
  if (proxy === '' || bypasses(url, variable('no_proxy'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** Is the host of a URL in a list of exceptions: domains (with what is below them), addresses, networks, each with a port or not? */
function bypasses(url: URL, exceptions: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (host === 'localhost' || (isIP(host) !== 0 && LOOPBACK.check(host, family(host)))) return true;
  return exceptions
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const network = /^(.+)\/(\d+)$/.exec(entry);
  if (network !== null) return isIP(host) !== 0 && isInNetwork(host, network[1]!, Number(network[2]));
  const split = isIP(entry) === 0 ? /^(?:\[(.+)\]|([^:]*))(?::(\d+))?$/.exec(entry) : null;
  const name = split?.[1] ?? split?.[2] ?? entry;
  if (split?.[3] !== undefined && split[3] !== port) return false;
  if (isIP(name) !== 0) return host === name;
  const domain = name.startsWith('*.') ? name.slice(1) : name;
  if (domain === '') return false;
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  if (isIP(network) === 0 || bits > (isIP(network) === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family(network));
  return list.check(host, family(host));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
