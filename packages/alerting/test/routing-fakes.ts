import { readAlertmanagerConfig } from '@tillwatch/config';
import { type Alert, type Batch, Labels, type Ledger, silentLogger, StoreError } from '@tillwatch/model';
import type { ManualClock } from '@tillwatch/model/testing';
import { createAlertRouter, type AlertRouter, type AlertRouterOptions } from '../src/routing/router.ts';

/** A ledger in memory that can be made to refuse, and that survives the router that writes to it. */
export class MemoryLedger implements Ledger {
  readonly shelves = new Map<string, Map<string, string>>();
  refuse = false;
  commits = 0;

  batch(): Batch {
    const changes: (() => void)[] = [];
    return {
      append: () => true,
      appendStale() {},
      put: (shelf, key, document) => {
        const json = JSON.stringify(document);
        changes.push(() => this.#shelf(shelf).set(key, json));
      },
      remove: (shelf, key) => changes.push(() => this.#shelf(shelf).delete(key)),
      commit: async () => {
        if (this.refuse) throw new StoreError('full', 'the disk is full');
        this.commits++;
        for (const change of changes) change();
      },
    };
  }

  get(shelf: string, key: string): unknown {
    const json = this.#shelf(shelf).get(key);
    return json === undefined ? undefined : JSON.parse(json);
  }

  entries(shelf: string): [key: string, document: unknown][] {
    return [...this.#shelf(shelf)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, json]) => [key, JSON.parse(json)]);
  }

  #shelf(name: string): Map<string, string> {
    let shelf = this.shelves.get(name);
    if (shelf === undefined) this.shelves.set(name, (shelf = new Map()));
    return shelf;
  }
}

/** Reads an alertmanager.yml; a mistake in it fails the test. */
export function configOf(yaml: string) {
  const { config, problems } = readAlertmanagerConfig({ file: 'alertmanager.yml', text: yaml });
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (config === undefined || errors.length > 0) throw new Error(JSON.stringify(errors.map(({ message }) => message)));
  return config;
}

/** A firing alert that lasts for an hour unless told otherwise. */
export function alert(
  labels: Record<string, string>,
  times: { startsAtMs?: number; endsAtMs?: number } = {},
  annotations: Record<string, string> = {},
): Alert {
  return {
    labels: Labels.of({ alertname: 'CheckoutErrors', ...labels }),
    annotations: Labels.of(annotations),
    startsAtMs: times.startsAtMs ?? 0,
    endsAtMs: times.endsAtMs ?? 1e15,
    generatorUrl: '',
  };
}

/** A router for a test, without randomness. */
export function routerFor(
  yaml: string,
  clock: ManualClock,
  options: Partial<AlertRouterOptions> & { ledger?: Ledger } = {},
): AlertRouter {
  return createAlertRouter({
    config: configOf(yaml),
    templates: [],
    ledger: new MemoryLedger(),
    clock,
    logger: silentLogger,
    externalUrl: 'http://tillwatch.example',
    ...options,
    transport: { random: () => 0, ...options.transport },
  });
}
