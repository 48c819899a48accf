import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { type PlanOptions, plan, type StandardFile } from '@tillwatch/checkout';
import { invariant } from '@tillwatch/model';
import { type LoadResult, loadStandardFiles, loadTillwatchYaml } from './configuration.ts';
import type { Setup } from './tillwatch.ts';

export interface ShopFiles {
  /** The tillwatch.yaml. */
  readonly file: string;
  /** Where the standard files are written that the engine then reads. */
  readonly dir: string;
  /** Where secrets that are named by environment variable come from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly plan?: PlanOptions;
}

/** Reads a tillwatch.yaml, writes its standard files, and loads those: the embedded engine runs on exactly what others can run on. */
export async function loadShop({ file, dir, environment, plan: options = {} }: ShopFiles): Promise<LoadResult<Setup>> {
  const { value: checkout, problems } = await loadTillwatchYaml(file);
  if (checkout === undefined) return { value: undefined, problems };
  await writeFiles(
    dir,
    plan(checkout, { sentinel: 'embedded', ...options, secretsDir: resolve(dir, 'secrets'), environment }),
  );
  const standard = await loadStandardFiles({
    prometheus: join(dir, 'prometheus.yml'),
    alertmanager: join(dir, 'alertmanager.yml'),
  });
  const all = [...problems, ...standard.problems];
  return {
    value: standard.value === undefined ? undefined : { configuration: standard.value, checkout },
    problems: all,
  };
}

/** Writes files below a folder; secrets can be read by their owner only. */
export async function writeFiles(dir: string, files: readonly StandardFile[]): Promise<void> {
  const root = resolve(dir);
  for (const { path, content } of files) {
    const target = resolve(root, path);
    invariant(target.startsWith(root + sep), `a generated file would leave its folder: ${path}`);
    const isSecret = path.startsWith('secrets/');
    await mkdir(dirname(target), { recursive: true, mode: isSecret ? 0o700 : 0o755 });
    await writeFile(target, content, { mode: isSecret ? 0o600 : 0o644 });
    if (isSecret) await chmod(target, 0o600);
  }
}
