import type { ScrapeConfig } from '@tillwatch/config';
import { type Appendable, type Clock, type Label, type Labels, type Logger, METRIC_NAME } from '@tillwatch/model';
import { createAgent } from './http/agent.ts';
import { ScrapeError } from './http/scrape-error.ts';
import { type JobSettings, TargetLoop } from './loop/target-loop.ts';
import { compileRelabeler } from './relabel/relabeler.ts';
import { makeTarget, type Target } from './target/target.ts';

export interface PoolPorts {
  readonly appendable: Appendable;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How many dropped targets are remembered when the config sets no number: enough to find a mistake in relabelling. */
const DROPPED_REMEMBERED = 1000;

/** The targets of one job and their loops. */
export class ScrapePool {
  readonly #ports: PoolPorts;
  readonly #loops = new Map<string, TargetLoop>();
  #config: ScrapeConfig;
  #settings: JobSettings;
  #dropped: readonly Labels[] = [];
  #isStarted = false;

  constructor(config: ScrapeConfig, ports: PoolPorts) {
    this.#ports = ports;
    this.#config = config;
    const plan = this.#plan(config);
    this.#settings = plan.settings;
    this.#dropped = plan.dropped;
    for (const target of plan.targets) this.#loops.set(target.id, new TargetLoop(target, plan.settings, ports));
  }

  get config(): ScrapeConfig {
    return this.#config;
  }

  get loops(): Iterable<TargetLoop> {
    return this.#loops.values();
  }

  get dropped(): readonly Labels[] {
    return this.#dropped;
  }

  start(): void {
    this.#isStarted = true;
    for (const loop of this.#loops.values()) loop.start();
  }

  /** Applies a changed config: loops of targets that stay go on, those of targets that are gone end their series. */
  async apply(config: ScrapeConfig): Promise<void> {
    const previous = this.#settings;
    const { settings, targets, dropped } = this.#plan(config);
    this.#config = config;
    this.#settings = settings;
    this.#dropped = dropped;
    const wanted = new Set(targets.map((target) => target.id));
    const gone = [...this.#loops].filter(([id]) => !wanted.has(id));
    for (const [id] of gone) this.#loops.delete(id);
    for (const target of targets) {
      const loop = this.#loops.get(target.id);
      if (loop !== undefined) {
        loop.update(target, settings);
        continue;
      }
      const fresh = new TargetLoop(target, settings, this.#ports);
      this.#loops.set(target.id, fresh);
      if (this.#isStarted) fresh.start();
    }
    await Promise.all(
      gone.map(async ([, loop]) => {
        await loop.stop();
        await loop.endSeries();
      }),
    );
    // Requests that are under way are finished on the old connections.
    if (!(previous.dispatcher instanceof ScrapeError)) void previous.dispatcher.close();
  }

  /** Stops all loops. `isGone`: the job was removed, so its series end. */
  async stop(isGone: boolean): Promise<void> {
    await Promise.all(
      [...this.#loops.values()].map(async (loop) => {
        await loop.stop();
        if (isGone) await loop.endSeries();
      }),
    );
    const { dispatcher } = this.#settings;
    if (!(dispatcher instanceof ScrapeError)) await dispatcher.destroy();
  }

  #plan(config: ScrapeConfig): { settings: JobSettings; targets: Target[]; dropped: Labels[] } {
    const relabeler = compileRelabeler(config.relabelConfigs);
    const targets = new Map<string, Target>();
    const dropped: Labels[] = [];
    for (const discovered of staticTargets(config)) {
      const outcome = makeTarget(discovered, config, relabeler);
      if (outcome.kind === 'target') targets.set(outcome.target.id, outcome.target);
      else if (outcome.kind === 'dropped') dropped.push(outcome.discoveredLabels);
      else {
        const target = outcome.discoveredLabels.get('__address__');
        this.#ports.logger.error('target cannot be scraped', { job: config.jobName, target, err: outcome.error });
      }
    }
    const isOver = config.targetLimit > 0 && targets.size > config.targetLimit;
    const refusal = `target_limit exceeded (number of targets: ${targets.size}, limit: ${config.targetLimit})`;
    const settings: JobSettings = {
      config,
      metricRelabeler: compileRelabeler(config.metricRelabelConfigs),
      dispatcher: dispatcherOf(config),
      labelKey: JSON.stringify([
        config.metricRelabelConfigs,
        config.honorLabels,
        config.labelLimit,
        config.labelNameLengthLimit,
        config.labelValueLengthLimit,
      ]),
      refusal: isOver ? refusal : undefined,
    };
    return {
      settings,
      targets: [...targets.values()],
      dropped: dropped.slice(0, config.keepDroppedTargets || DROPPED_REMEMBERED),
    };
  }
}

function* staticTargets(config: ScrapeConfig): Iterable<Label[]> {
  for (const group of config.staticConfigs) {
    for (const address of group.targets) {
      const labels = [...group.labels].filter(([name]) => name !== METRIC_NAME);
      yield [...labels, ['__address__', address]];
    }
  }
}

function dispatcherOf(config: ScrapeConfig): JobSettings['dispatcher'] {
  try {
    return createAgent(config);
  } catch (cause) {
    return cause instanceof ScrapeError ? cause : new ScrapeError('config', (cause as Error).message, { cause });
  }
}
