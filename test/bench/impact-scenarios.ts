// The shops whose losses are known: recorded ones out of a folder, or fresh ones out of a generator with another seed.
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compareLabels, type Label, Labels, METRIC_NAME, type Queryable, type Series } from '@tillwatch/model';
import { readScenario, scenarioOf } from './scenario.ts';

/** What is known about one scenario beforehand. Times are seconds since the epoch. */
export interface ImpactTruth {
  readonly id: string;
  readonly kind: string;
  readonly eval_start: number;
  readonly fault?: {
    readonly start: number;
    readonly end: number;
    readonly attempts_per_min: number;
    readonly lost_orders: number;
    readonly lost_revenue: number;
  };
}

/** A scenario that is read, or simulated, when it is opened. */
export interface ImpactScenario {
  readonly id: string;
  open(): Promise<{ readonly truth: ImpactTruth; readonly queryable: Queryable }>;
}

/** The scenarios of a folder of `*.om` files. */
export async function recordedScenarios(
  dir: string,
  truthFile: string,
  cacheDir: string | undefined,
): Promise<ImpactScenario[]> {
  const truths = JSON.parse(await readFile(truthFile, 'utf8')) as ImpactTruth[];
  return truths
    .filter(({ fault }) => fault !== undefined)
    .map((truth) => ({
      id: truth.id,
      open: async () => ({
        truth,
        queryable: (await readScenario(join(dir, `${truth.id}.om`), { cacheDir })).queryable,
      }),
    }));
}

interface SimulatedSeries {
  readonly name: string;
  readonly labels: string;
  readonly inst: string;
  readonly ts: readonly number[];
  readonly start: number;
  readonly vals: readonly number[];
}

interface Spec {
  readonly id: string;
  readonly kind: string;
  readonly size: string;
  readonly fault?: unknown;
}

interface Generator {
  devSpecs(): Spec[];
  buildSpec(options: { kind: string; size: string; variant: number; seed: string; split: string }): Spec;
  simulate(spec: Spec): { truth: ImpactTruth; series: readonly SimulatedSeries[] };
}

/** The same kinds and sizes of trouble from other seeds, simulated in memory. */
export async function generatedScenarios(file: string, seed: string): Promise<ImpactScenario[]> {
  const generator = (await import(pathToFileURL(resolve(file)).href)) as Generator;
  const specs = generator.devSpecs().filter(({ fault }) => fault !== undefined);
  return specs.map(({ kind, size, id }) => {
    const variant = Number(id.slice(id.lastIndexOf('-') + 1));
    const spec = generator.buildSpec({ kind, size, variant, seed: `${seed}-${kind}-${variant}`, split: seed });
    return {
      id: spec.id,
      async open() {
        const { truth, series } = generator.simulate(spec);
        const scraped = series.filter(({ vals }) => vals.length > 0).map(seriesOf);
        return { truth, queryable: scenarioOf(spec.id, merged(scraped)).queryable };
      },
    };
  });
}

function seriesOf({ name, labels, inst, ts, start, vals }: SimulatedSeries): Series {
  const pairs: Label[] = [
    [METRIC_NAME, name],
    ['instance', inst],
    ['job', 'shop'],
    ...[...labels.matchAll(/(\w+)="([^"]*)"/g)].map((match): Label => [match[1]!, match[2]!]),
  ];
  return {
    labels: Labels.from(pairs),
    timestampsMs: Float64Array.from(vals, (_, i) => Math.round(ts[start + i]! * 1_000)),
    values: Float64Array.from(vals),
  };
}

/** A restarted instance is simulated as a new series: one with the same labels continues the one before. */
function merged(series: readonly Series[]): Series[] {
  const byKey = new Map<string, Series[]>();
  for (const one of series) byKey.set(one.labels.key, [...(byKey.get(one.labels.key) ?? []), one]);
  return [...byKey.values()]
    .map((lives) => {
      lives.sort((a, b) => a.timestampsMs[0]! - b.timestampsMs[0]!);
      return {
        labels: lives[0]!.labels,
        timestampsMs: Float64Array.from(lives.flatMap(({ timestampsMs }) => [...timestampsMs])),
        values: Float64Array.from(lives.flatMap(({ values }) => [...values])),
      };
    })
    .sort((a, b) => compareLabels(a.labels, b.labels));
}
