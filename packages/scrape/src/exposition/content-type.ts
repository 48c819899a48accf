import { quote } from '@tillwatch/model';
import type { Dialect } from './scanner.ts';

/** How a page is to be read, or why it cannot be. */
export type PageFormat =
  | { readonly dialect: Dialect; readonly warning: string | undefined }
  | { readonly dialect: undefined; readonly error: string };

const FIX =
  'let the target send "Content-Type: text/plain; version=0.0.4", or set fallback_scrape_protocol: PrometheusText0.0.4 in its scrape config';

/**
 * Which format a response has, by its Content-Type, as Prometheus 3 decides it: a missing, unreadable or foreign one is an
 * error unless the scrape config has a `fallback_scrape_protocol`.
 */
export function pageFormat(contentType: string | undefined, fallbackProtocol: string | undefined): PageFormat {
  const parsed = contentType === undefined || contentType.trim() === '' ? undefined : parseMediaType(contentType);
  if (typeof parsed === 'object') {
    if (parsed.type === 'application/openmetrics-text') return { dialect: 'openmetrics', warning: undefined };
    if (parsed.type === 'text/plain') return { dialect: 'text', warning: undefined };
  }
  const problem = describe(contentType, parsed);
  const fallback = dialectOf(fallbackProtocol);
  if (fallback === undefined)
    return { dialect: undefined, error: `${problem} and there is no fallback_scrape_protocol: ${FIX}` };
  return { dialect: fallback, warning: `${problem}; reading it as ${fallbackProtocol}` };
}

function describe(contentType: string | undefined, parsed: { type: string } | string | undefined): string {
  if (parsed === undefined) return 'the target sent no Content-Type';
  if (typeof parsed === 'string')
    return `the target sent Content-Type ${quote(contentType ?? '')}, which cannot be read (${parsed})`;
  return `the target sent Content-Type ${quote(contentType ?? '')}, which is no metrics format that is supported`;
}

function dialectOf(protocol: string | undefined): Dialect | undefined {
  if (protocol === undefined || protocol === '') return undefined;
  if (protocol.startsWith('OpenMetricsText')) return 'openmetrics';
  return protocol.startsWith('PrometheusText') ? 'text' : undefined;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A media type without its parameters, or what is wrong with it. */
function parseMediaType(text: string): { type: string } | string {
  const [mediaType = '', ...parameters] = text.split(';').map((part) => part.trim());
  const [main = '', sub, ...more] = mediaType.split('/');
  if (!TOKEN.test(main)) return 'no media type';
  if (sub !== undefined && !TOKEN.test(sub)) return 'no subtype after the slash';
  if (more.length > 0) return 'more than a type and a subtype';
  const seen = new Set<string>();
  for (const parameter of parameters) {
    if (parameter === '') continue;
    const [name = '', value] = parameter.split('=');
    const key = name.trim().toLowerCase();
    if (!TOKEN.test(key) || value === undefined) return 'a parameter is malformed';
    if (seen.has(key)) return `parameter ${key} comes twice`;
    seen.add(key);
  }
  return { type: mediaType.toLowerCase() };
}
