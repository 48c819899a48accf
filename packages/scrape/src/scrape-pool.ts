import type { ScrapeConfig } from '@tillwatch/config';
import type { Labels } from '@tillwatch/model';
import { type DiscoveryStats, JobDiscovery } from './discovery/job-discovery.ts';
import { FailureLog } from './failure-log.ts';
import { HttpClient } from './http/http-client.ts';
import type { Environment } from './http/proxy.ts';
import { type JobSettings, type LoopPorts, TargetLoop } from './loop/target-loop.ts';
import { compileRelabeler, type Relabeler } from './relabel/relabeler.ts';
import { makeTarget, type Target } from './target/target.ts';

/** What a pool needs around it. */
export interface PoolPorts extends LoopPorts {
  readonly environment: Environment;
}

/** How many dropped targets are remembered when the config sets no number: enough to find a mistake in relabelling. */
const DROPPED_REMEMBERED = 1000;

/** What a config means for its targets, whichever they are. */
interface Plan {
  readonly config: ScrapeConfig;
  readonly targetRelabeler: Relabeler;
  readonly settings: Omit<JobSettings, 'refusal'>;
}

/** The targets of one job and their loops. */
export class ScrapePool {
  readonly #ports: PoolPorts;
  readonly #loops = new Map<string, TargetLoop>();
  readonly #discovery: JobDiscovery;
  #plan: Plan;
  #dropped: readonly Labels[] = [];
  #droppedCount = 0;
  /** Targets that cannot be scraped, as they were logged: each is logged once. */
  #invalid: ReadonlySet<string> = new Set();
  #isStarted = false;
  /** Ends when the series of the targets that are gone have been ended. */
  #ending: Promise<unknown> = Promise.resolve();

  constructor(config: ScrapeConfig, ports: PoolPorts) {
    this.#ports = ports;
    this.#plan = planOf(config, ports);
    this.#discovery = new JobDiscovery(config, ports, () => this.#sync());
    this.#sync();
  }

  get config(): ScrapeConfig {
    return this.#plan.config;
  }

  get loops(): Iterable<TargetLoop> {
    return this.#loops.values();
  }

  /** Targets that relabelling dropped, as far as they are remembered. */
  get dropped(): readonly Labels[] {
    return this.#dropped;
  }

  /** How many targets relabelling dropped. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** How many targets were found, before relabelling. */
  get discoveredCount(): number {
    return this.#discovery.targets().length;
  }

  /** How the search for targets goes. */
  get discoveryStats(): readonly DiscoveryStats[] {
    return this.#discovery.stats();
  }

  start(): void {
    this.#isStarted = true;
    for (const loop of this.#loops.values()) loop.start();
    this.#discovery.start();
  }

  /** Applies a changed config: loops of targets that stay go on, those of targets that are gone end their series. */
  async apply(config: ScrapeConfig): Promise<void> {
    const { client } = this.#plan.settings;
    this.#plan = planOf(config, this.#ports);
    this.#invalid = new Set();
    const applied = this.#discovery.apply(config);
    this.#sync();
    await Promise.all([applied, this.#ending]);
    // Requests that are under way are finished on the old connections.
    void client.close();
  }

  /** Stops all loops. `isGone`: the job was removed, so its series end. */
  async stop(isGone: boolean): Promise<void> {
    await this.#discovery.stop();
    await Promise.all(
      [...this.#loops.values()].map(async (loop) => {
        await loop.stop();
        if (isGone) await loop.endSeries();
      }),
    );
    await this.#ending;
    await this.#plan.settings.client.destroy();
  }

  /** Makes loops for the targets that there are now, and ends those of the others. */
  #sync(): void {
    const { config, settings: common } = this.#plan;
    const targets = this.#targets();
    const isOver = config.targetLimit > 0 && targets.size > config.targetLimit;
    const refusal = `target_limit exceeded (number of targets: ${targets.size}, limit: ${config.targetLimit})`;
    const settings: JobSettings = { ...common, refusal: isOver ? refusal : undefined };
    const gone = [...this.#loops].filter(([id]) => !targets.has(id));
    for (const [id] of gone) this.#loops.delete(id);
    for (const target of targets.values()) {
      const loop = this.#loops.get(target.id);
      if (loop !== undefined) {
        loop.update(target, settings);
        continue;
      }
      const fresh = new TargetLoop(target, settings, this.#ports);
      this.#loops.set(target.id, fresh);
      if (this.#isStarted) fresh.start();
    }
    if (gone.length === 0) return;
    const endings = gone.map(async ([, loop]) => {
      await loop.stop();
      await loop.endSeries();
    });
    this.#ending = Promise.all([this.#ending, ...endings]);
  }

  /** The targets that are left after relabelling, by their identity. */
  #targets(): Map<string, Target> {
    const { config, targetRelabeler } = this.#plan;
    const targets = new Map<string, Target>();
    const dropped: Labels[] = [];
    const invalid = new Set<string>();
    for (const discovered of this.#discovery.targets()) {
      const outcome = makeTarget(discovered, config, targetRelabeler);
      if (outcome.kind === 'target') targets.set(outcome.target.id, outcome.target);
      else if (outcome.kind === 'dropped') dropped.push(outcome.discoveredLabels);
      else {
        const target = outcome.discoveredLabels.get('__address__');
        const key = `${target}\n${outcome.error}`;
        if (!this.#invalid.has(key) && !invalid.has(key)) {
          this.#ports.logger.error('target cannot be scraped', { job: config.jobName, target, err: outcome.error });
        }
        invalid.add(key);
      }
    }
    this.#invalid = invalid;
    this.#dropped = dropped.slice(0, config.keepDroppedTargets || DROPPED_REMEMBERED);
    this.#droppedCount = dropped.length;
    return targets;
  }
}

function planOf(config: ScrapeConfig, ports: PoolPorts): Plan {
  const { jobName, scrapeFailureLogFile: logFile } = config;
  return {
    config,
    targetRelabeler: compileRelabeler(config.relabelConfigs),
    settings: {
      config,
      metricRelabeler: compileRelabeler(config.metricRelabelConfigs),
      client: new HttpClient(config, ports),
      failureLog: logFile === undefined || logFile === '' ? undefined : new FailureLog(logFile, jobName, ports),
      labelKey: JSON.stringify([
        config.metricRelabelConfigs,
        config.honorLabels,
        config.labelLimit,
        config.labelNameLengthLimit,
        config.labelValueLengthLimit,
        config.metricNameValidationScheme,
      ]),
    },
  };
}
