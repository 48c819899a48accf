import type { Clock, Label, Logger } from '@tillwatch/model';
import type { Environment } from '../http/proxy.ts';

/** A target as a mechanism found it: its address and labels, before relabelling. */
export type DiscoveredTarget = readonly Label[];

/** A mechanism that finds targets, as Prometheus calls them. */
export type Mechanism = 'file' | 'http' | 'dns';

/** One entry of a `*_sd_configs`. */
export interface Discoverer {
  readonly mechanism: Mechanism;
  /** Equal for entries that look in the same place: after a reload one goes on with what the other found. */
  readonly id: string;
  readonly refreshIntervalMs: number;
  /**
   * Looks for targets. `previous` are those of the last time that went well. Rejects when it cannot tell which targets there are.
   */
  refresh(previous: readonly DiscoveredTarget[], signal: AbortSignal): Promise<Discovery>;
  /** Calls back when it is worth looking again before the interval is over. */
  watch?(onChange: () => void): void;
  /** Ends watching and gives connections back. */
  stop(): Promise<void>;
}

/** What a mechanism found. */
export interface Discovery {
  readonly targets: readonly DiscoveredTarget[];
  /** Places that could not be read; what was found in them before is among `targets`. */
  readonly errors: readonly string[];
}

/** What discovery needs of the process. */
export interface DiscoveryPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly environment: Environment;
}
