import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RelabelConfig, validateRelabel } from '@tillwatch/config';
import { Labels, parseDuration } from '@tillwatch/model';
import { expect, test } from 'vitest';
// Relabelling has no door of its own: it is seen through the scraper.
import { compileRelabeler } from '../../packages/scrape/src/relabel/relabeler.ts';
import { makeTarget } from '../../packages/scrape/src/target/target.ts';

const directory = process.env.CONFORMANCE_DIR ?? fileURLToPath(new URL('../../../shared/conformance', import.meta.url));

/** Cases where we decide otherwise on purpose, with the reason. */
const deliberate: Readonly<Record<string, string>> = {};

type Wire = Partial<Record<'separator' | 'regex' | 'target_label' | 'replacement' | 'action', string>> & {
  source_labels?: string[];
  modulus?: number;
};
interface RelabelCase {
  readonly id: string;
  readonly labels: Record<string, string>;
  readonly relabel: Wire[];
  readonly drop: boolean;
  readonly output: Record<string, string> | null;
}
interface TargetCase {
  readonly id: string;
  readonly discovered: Record<string, string | { $b64: string }>;
  readonly scrape_config: {
    job_name: string;
    scheme: 'http' | 'https';
    metrics_path: string;
    scrape_interval: string;
    scrape_timeout: string;
    params?: Record<string, string[]>;
    relabel_configs?: Wire[];
  };
  readonly error: string;
  readonly labels: Record<string, string> | null;
  readonly discovered_labels: Record<string, string> | null;
  readonly dropped: boolean;
}

topic<RelabelCase>('relabel', ({ labels, relabel, drop, output }) => {
  const result = compileRelabeler(relabel.map(rule)).relabel(Labels.of(labels));
  expect(result?.toRecord()).toEqual(drop ? undefined : output);
});

topic<{ id: string; target_label: string; valid: boolean }>('relabel-target', ({ target_label, valid }) => {
  const findings = validateRelabel(rule({ target_label }), 'legacy');
  expect(findings.filter(({ field }) => field === 'target_label')).toHaveLength(valid ? 0 : 1);
});

topic<TargetCase>('target-labels', ({ discovered, scrape_config: job, error, labels, discovered_labels, dropped }) => {
  const given = Object.entries(discovered).map(
    ([name, value]) => [name, typeof value === 'string' ? value : '\udcbd'] as const,
  );
  const outcome = makeTarget(
    given,
    {
      jobName: job.job_name,
      scheme: job.scheme,
      metricsPath: job.metrics_path,
      params: job.params ?? {},
      scrapeIntervalMs: parseDuration(job.scrape_interval) ?? 0,
      scrapeTimeoutMs: parseDuration(job.scrape_timeout) ?? 0,
      scrapeNativeHistograms: false,
      alwaysScrapeClassicHistograms: false,
      convertClassicHistogramsToNhcb: false,
    },
    compileRelabeler((job.relabel_configs ?? []).map(rule)),
  );
  if (error !== '') {
    // The same place in our words: compare how it starts.
    const start = error.split(': ')[0]!.split(' (')[0]!;
    expect(outcome).toMatchObject({ kind: 'invalid', error: expect.stringContaining(start) });
  } else if (dropped) {
    expect(outcome.kind).toBe('dropped');
  } else {
    expect(outcome.kind).toBe('target');
    if (outcome.kind !== 'target') return;
    expect(outcome.allLabels.toRecord()).toEqual(labels);
    expect(outcome.target.discoveredLabels.toRecord()).toEqual(discovered_labels);
  }
});

function rule(wire: Wire): RelabelConfig {
  return {
    sourceLabels: wire.source_labels ?? [],
    separator: wire.separator ?? ';',
    regex: wire.regex ?? '(.*)',
    modulus: wire.modulus ?? 0,
    targetLabel: wire.target_label ?? '',
    replacement: wire.replacement ?? '$1',
    action: (wire.action ?? 'replace') as RelabelConfig['action'],
  };
}

function topic<Case extends { readonly id: string }>(name: string, check: (one: Case) => void): void {
  const file = `${directory}/prometheus/${name}.json`;
  test.skipIf(!existsSync(file))(`prometheus/${name} (needs the conformance data)`, () => {
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };
    const compared = cases.filter((one) => !(one.id in deliberate));
    const failed: string[] = [];
    for (const one of compared) {
      try {
        check(one);
      } catch (cause) {
        failed.push(`${one.id}: ${(cause as Error).message}`);
      }
    }
    const passed = compared.length - failed.length;
    const different = cases.length - compared.length;
    console.info(`prometheus/${name}: ${passed} passed, ${failed.length} failed, ${different} deliberately different`);
    expect(failed).toEqual([]);
  });
}
