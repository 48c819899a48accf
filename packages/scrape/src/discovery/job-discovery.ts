import type { ScrapeConfig } from '@tillwatch/config';
import type { DiscoveredTarget, Discoverer, DiscoveryPorts, Mechanism } from './discoverer.ts';
import { DnsDiscovery } from './dns-discovery.ts';
import { FileDiscovery } from './file-discovery.ts';
import { HttpDiscovery } from './http-discovery.ts';
import { targetsOf } from './target-groups.ts';

/** A look for targets takes at most so long, whatever the interval. */
const LONGEST_REFRESH_MS = 30_000;

/** Between two looks is at least so much time: files may change all the time, and are not written at once. */
const SHORTEST_PAUSE_MS = 100;

/** How looking for targets went so far, by mechanism. */
export interface DiscoveryStats {
  readonly mechanism: Mechanism;
  readonly refreshes: number;
  readonly failures: number;
}

/**
 * Finds the targets of one job: the static ones, and those of files, HTTP endpoints and names, which it looks for again and again.
 * When a look fails, the targets of the last one that went well stay.
 */
export class JobDiscovery {
  readonly #ports: DiscoveryPorts;
  readonly #onChange: () => void;
  #static: readonly DiscoveredTarget[] = [];
  #searches: Search[] = [];
  #isStarted = false;

  /** `onChange` is called when there are other targets than before. */
  constructor(config: ScrapeConfig, ports: DiscoveryPorts, onChange: () => void) {
    this.#ports = ports;
    this.#onChange = onChange;
    this.#configure(config);
  }

  /** All targets that are known now. */
  targets(): DiscoveredTarget[] {
    return [...this.#static, ...this.#searches.flatMap(({ targets }) => targets)];
  }

  /** What there was to count, one entry for each entry of the config that looks for targets. */
  stats(): DiscoveryStats[] {
    return this.#searches.map(({ stats }) => stats);
  }

  start(): void {
    this.#isStarted = true;
    for (const search of this.#searches) search.start();
  }

  /** Goes over to another config. What the old one found in places that are looked at again stays until they have been. */
  async apply(config: ScrapeConfig): Promise<void> {
    const old = this.#searches;
    this.#configure(config);
    if (this.#isStarted) this.start();
    await Promise.all(old.map((search) => search.stop()));
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    await Promise.all(this.#searches.map((search) => search.stop()));
  }

  #configure(config: ScrapeConfig): void {
    this.#static = targetsOf(config.staticConfigs);
    const discoverers: Discoverer[] = [
      ...config.fileSdConfigs.map((entry) => new FileDiscovery(entry)),
      ...config.httpSdConfigs.map((entry) => new HttpDiscovery(entry, this.#ports)),
      ...config.dnsSdConfigs.map((entry) => new DnsDiscovery(entry)),
    ];
    const old = this.#searches;
    this.#searches = discoverers.map((discoverer) => {
      const before = old.find(({ id }) => id === discoverer.id);
      return new Search(discoverer, config.jobName, this.#ports, this.#onChange, before);
    });
  }
}

/** Looks for targets in one place until it is stopped. */
class Search {
  readonly #discoverer: Discoverer;
  readonly #job: string;
  readonly #ports: DiscoveryPorts;
  readonly #onChange: () => void;
  readonly #stop = new AbortController();
  /** Wakes the loop because there may be something new. */
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  #targets: readonly DiscoveredTarget[] = [];
  /** Equal for equal targets. */
  #key = '[]';
  #lastError = '';
  #refreshes = 0;
  #failures = 0;

  constructor(
    discoverer: Discoverer,
    job: string,
    ports: DiscoveryPorts,
    onChange: () => void,
    before: Search | undefined,
  ) {
    this.#discoverer = discoverer;
    this.#job = job;
    this.#ports = ports;
    this.#onChange = onChange;
    if (before === undefined) return;
    this.#targets = before.#targets;
    this.#key = before.#key;
    this.#refreshes = before.#refreshes;
    this.#failures = before.#failures;
  }

  get id(): string {
    return this.#discoverer.id;
  }

  get targets(): readonly DiscoveredTarget[] {
    return this.#targets;
  }

  get stats(): DiscoveryStats {
    return { mechanism: this.#discoverer.mechanism, refreshes: this.#refreshes, failures: this.#failures };
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#discoverer.watch?.(() => this.#wake.abort());
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#discoverer.stop();
  }

  async #run(): Promise<void> {
    const { clock } = this.#ports;
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      await this.#refresh();
      const { refreshIntervalMs } = this.#discoverer;
      const isAwaited = await isOver(
        clock.sleep(refreshIntervalMs, AbortSignal.any([this.#stop.signal, this.#wake.signal])),
      );
      if (!isAwaited || refreshIntervalMs < SHORTEST_PAUSE_MS) {
        await isOver(clock.sleep(SHORTEST_PAUSE_MS, this.#stop.signal));
      }
    }
  }

  async #refresh(): Promise<void> {
    this.#refreshes++;
    try {
      const { targets, errors } = await this.#withTimeout((signal) => this.#discoverer.refresh(this.#targets, signal));
      if (errors.length > 0) this.#fail(errors.join('\n'));
      else this.#succeed();
      const key = JSON.stringify(targets);
      if (key === this.#key) return;
      this.#targets = targets;
      this.#key = key;
      if (!this.#stop.signal.aborted) this.#onChange();
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#fail((error as Error).message);
    }
  }

  async #withTimeout<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limitMs = LONGEST_REFRESH_MS;
    const timeout = new AbortController();
    const done = new AbortController();
    this.#ports.clock.sleep(limitMs, AbortSignal.any([done.signal, this.#stop.signal])).then(
      () => timeout.abort(new Error(`timeout: no complete answer within ${limitMs / 1000}s`)),
      () => {},
    );
    try {
      return await work(AbortSignal.any([timeout.signal, this.#stop.signal]));
    } finally {
      done.abort();
    }
  }

  #fail(error: string): void {
    this.#failures++;
    if (error === this.#lastError) return;
    this.#lastError = error;
    const fields = { job: this.#job, mechanism: this.#discoverer.mechanism, kept: this.#targets.length, err: error };
    this.#ports.logger.warn('cannot look for targets; those that were found last stay', fields);
  }

  #succeed(): void {
    if (this.#lastError === '') return;
    this.#lastError = '';
    const fields = { job: this.#job, mechanism: this.#discoverer.mechanism };
    this.#ports.logger.info('targets can be looked for again', fields);
  }
}

/** Did a sleep last as long as it should, or was it broken off? */
function isOver(sleep: Promise<void>): Promise<boolean> {
  return sleep.then(
    () => true,
    () => false,
  );
}
