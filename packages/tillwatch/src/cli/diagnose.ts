import { readFile } from 'node:fs/promises';
import { type Diagnosis, diagnose, type Finding, type Periods } from '@tillwatch/checkout';
import { parseDuration } from '@tillwatch/model';
import { createPrometheusApi } from '../prometheus-api/prometheus-api.ts';
import { CliError, type Terminal } from './terminal.ts';

/** How a command reaches a Prometheus. */
export interface PrometheusFlags {
  readonly prometheus: string;
  readonly bearerTokenFile?: string;
}

interface DiagnoseOptions extends PrometheusFlags {
  readonly for: string;
  readonly at?: string;
  readonly past: string;
  readonly json?: boolean;
}

/** The client that the flags describe. @throws {PrometheusApiError} */
export function prometheusFrom({ prometheus, bearerTokenFile }: PrometheusFlags) {
  return createPrometheusApi({
    url: prometheus,
    ...(bearerTokenFile === undefined
      ? {}
      : { bearerToken: async () => (await readFile(bearerTokenFile, 'utf8')).trim() }),
  });
}

/** Names the parts to which failures and missing attempts can be put down, now or at any time in the past. */
export async function diagnoseCommand(terminal: Terminal, options: DiagnoseOptions): Promise<number> {
  const untilMs = options.at === undefined ? Date.now() : readTime(options.at);
  const periods: Periods = {
    sinceMs: untilMs - readSpan('--for', options.for),
    untilMs,
    pastMs: readSpan('--past', options.past),
  };
  const diagnosis = await diagnose(prometheusFrom(options), periods);
  terminal.out(options.json === true ? `${diagnosisJson(diagnosis, periods)}\n` : diagnosisText(diagnosis, options));
  return 0;
}

function readTime(text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (!Number.isFinite(ms))
    throw new CliError(`--at: "${text}" is not a time; write 2026-11-27T20:15:00Z or seconds since the epoch`);
  return ms;
}

function readSpan(flag: string, text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) throw new CliError(`${flag}: "${text}" is not a duration; write 15m`);
  return ms;
}

function diagnosisJson({ failures, missing }: Diagnosis, { sinceMs, untilMs }: Periods): string {
  return JSON.stringify({ since: new Date(sinceMs), until: new Date(untilMs), failures, missing }, null, 2);
}

function diagnosisText({ failures, missing }: Diagnosis, options: DiagnoseOptions): string {
  const at = options.at === undefined ? '' : ` up to ${options.at}`;
  const compared = `The last ${options.for}${at}, compared with the ${options.past} before.\n`;
  return [
    compared,
    section('Failures', 'failures more than usual', 'fails', failures),
    section('Missing attempts', 'attempts fewer than usual', 'is missing', missing),
  ].join('\n');
}

function section(title: string, more: string, happens: string, findings: readonly Finding[]): string {
  if (findings.length === 0) return `${title}: no part stands out.\n`;
  const lines = findings.map(({ labels, extra, share, severity, confidence, reasons }) => {
    const part = Object.entries(labels)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ');
    const why = reasons.length === 0 ? '' : `; ${reasons.map(({ reason, count }) => `${reason} ${count}`).join(', ')}`;
    return `  ${part}\n    ${Math.round(extra)} ${more} (${percent(share)} of all), ${percent(severity)} of it ${happens}${why}; sure: ${percent(confidence)}\n`;
  });
  return `${title}:\n${lines.join('')}`;
}

function percent(share: number): string {
  // 100 % is said of what is certain only.
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}
