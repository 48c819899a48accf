import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** The version of Tillwatch, from its package. */
export const VERSION = manifest.version;

/** The version of Prometheus whose meaning the engine has; clients ask `buildinfo` for it to know what they may use. */
export const PROMETHEUS_VERSION = '3.14.0';
