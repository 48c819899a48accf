import type { Queryable } from '@tillwatch/model';

/** The past, ready to be asked. */
export interface BacktestSource {
  /** What messages call it. */
  readonly name: string;
  readonly queryable: Queryable;
  /** The first and the last sample; ms since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** The currency of all amounts, where the past says so itself. */
  readonly currency?: string | undefined;
  /** What somebody who reads the result should know about where it comes from. */
  readonly notes: readonly string[];
  /** Gives back files and memory. May be called twice. */
  close(): Promise<void>;
}

/** How far reading has come. */
interface ReadProgress {
  /** 0 to 1. */
  readonly share: number;
  readonly samples: number;
}

/** What every source is read with. */
export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ReadProgress) => void) | undefined;
}
