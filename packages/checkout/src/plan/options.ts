/** How the standard files are laid out. Every field has a default that fits the generated docker-compose.yml. */
export interface PlanOptions {
  /** Where Prometheus finds Alertmanager, `host:port`. */
  readonly alertmanagerAddress?: string;
  /** Where the watch itself is scraped, `host:port`; not scraped when absent. */
  readonly selfAddress?: string;
  /**
   * Whether rules on the sentinel's evidence are written: its evidence is in the store already (`embedded`), or it is scraped from a
   * `tillwatch sentinel` at this `host:port`. Without it nothing is written that needs one.
   */
  readonly sentinel?: 'embedded' | { readonly address: string };
  /** Where the files with secrets lie, relative to alertmanager.yml or absolute. */
  readonly secretsDir?: string;
  /**
   * Where secrets and the mail server's address are that tillwatch.yaml names by environment variable. When it is given,
   * the plan has a file `secrets/…` for every secret that could be found; without it no file holds a secret.
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Makes the politeness of notifications shorter for drills (0.1: a tenth): group_wait, group_interval and
   * keep_firing_for. What alerts need to be sure of is never shortened.
   */
  readonly pace?: number;
}

export interface SettledOptions {
  readonly alertmanagerAddress: string;
  readonly selfAddress: string | undefined;
  readonly sentinel: PlanOptions['sentinel'];
  readonly secretsDir: string;
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  readonly pace: number;
}

export function settleOptions(options: PlanOptions): SettledOptions {
  return {
    alertmanagerAddress: options.alertmanagerAddress ?? 'localhost:9093',
    selfAddress: options.selfAddress,
    sentinel: options.sentinel,
    secretsDir: (options.secretsDir ?? 'secrets').replace(/\/+$/, ''),
    environment: options.environment,
    pace: options.pace ?? 1,
  };
}
