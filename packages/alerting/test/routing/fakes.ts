import { readAlertmanagerConfig } from '@tillwatch/config';
import { type Alert, Labels, type Ledger, silentLogger } from '@tillwatch/model';
import type { ManualClock } from '@tillwatch/model/testing';
import { type AlertRouter, type AlertRouterOptions, createAlertRouter } from '../../src/routing/router.ts';
import { MemoryLedger } from './memory-ledger.ts';

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
