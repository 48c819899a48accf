import { type FSWatcher, watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileSdConfig } from '@tillwatch/config';
import type { DiscoveredTarget, Discoverer, Discovery } from './discoverer.ts';
import { filesOf } from './file-pattern.ts';
import { LARGEST_LIST_BYTES, readTargetGroups, targetsOf } from './target-groups.ts';

const FILE_LABEL = '__meta_filepath';

/**
 * Reads targets from files, again when a folder of them changes. A file that cannot be read keeps the targets that it had; the
 * targets of a file that is gone are gone.
 */
export class FileDiscovery implements Discoverer {
  readonly mechanism = 'file';
  readonly id: string;
  readonly refreshIntervalMs: number;
  readonly #patterns: readonly string[];
  #watchers: FSWatcher[] = [];
  #onChange: (() => void) | undefined;

  constructor({ files, refreshIntervalMs }: FileSdConfig) {
    this.#patterns = files;
    this.refreshIntervalMs = refreshIntervalMs;
    this.id = JSON.stringify(['file', files]);
  }

  async refresh(previous: readonly DiscoveredTarget[]): Promise<Discovery> {
    // First watch, then read, so that nothing that happens in between is missed.
    this.#watchFolders();
    const found = await Promise.all(this.#patterns.map(filesOf));
    const targets: DiscoveredTarget[] = [];
    const errors: string[] = [];
    for (const file of new Set(found.flat())) {
      try {
        targets.push(...targetsOf(readTargetGroups(file, await read(file)), [[FILE_LABEL, file]]));
      } catch (error) {
        errors.push((error as Error).message);
        targets.push(...previous.filter((target) => isOf(target, file)));
      }
    }
    return { targets, errors };
  }

  watch(onChange: () => void): void {
    this.#onChange = onChange;
  }

  async stop(): Promise<void> {
    this.#onChange = undefined;
    this.#unwatch();
  }

  /** Watches anew at each refresh: a folder may have been replaced by another one of its name. */
  #watchFolders(): void {
    if (this.#onChange === undefined) return;
    this.#unwatch();
    for (const folder of new Set(this.#patterns.map((pattern) => dirname(pattern)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#onChange?.());
        // Without a watcher the refresh interval is left.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // The folder is not there yet, or the system has no watchers left.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}

async function read(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > LARGEST_LIST_BYTES) throw new Error(`it has ${size} bytes, at most ${LARGEST_LIST_BYTES} are read`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function isOf(target: DiscoveredTarget, file: string): boolean {
  return target.some(([name, value]) => name === FILE_LABEL && value === file);
}
