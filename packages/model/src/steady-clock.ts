import { type Clock, systemClock } from './clock.ts';

/** A clock that never goes back, and how far it is ahead of the machine's. */
export interface SteadyClock extends Clock {
  /** Milliseconds by which it is ahead of the machine's clock, which was turned back; 0 when it was not. */
  aheadMs(): number;
  /** Goes on from `ms` if that is later than what it shows, for instance because newer samples are stored already. */
  notBefore(ms: number): void;
}

/** By how much it runs slower while it is ahead: an hour is made up for in ten, and a rule's `for: 5m` takes 5.5 minutes. */
const SLOWER_BY = 0.1;
const TOLD_FROM_MS = 1_000;

/**
 * The machine's clock, made steady. Where that is set forward, this one follows at once. Where it is set back, this one goes on,
 * a tenth slower, until the two agree: samples keep coming in order, and scraping and rules keep their pace. Without it nothing new
 * could be stored until the time of the newest sample comes again. `elapsedMs` is a count of time that nobody sets; `onSetBack` is
 * told by how much the machine's clock was set back, when that is a second or more.
 */
export function steadyClock(
  machine: Clock = systemClock,
  elapsedMs: () => number = () => performance.now(),
  onSetBack: (byMs: number) => void = () => {},
): SteadyClock {
  let aheadBeforeMs = 0;
  let shownMs = machine.nowMs();
  let seenMs = elapsedMs();

  function nowMs(): number {
    const machineMs = machine.nowMs();
    const nowElapsedMs = elapsedMs();
    const sinceMs = Math.max(0, nowElapsedMs - seenMs);
    seenMs = nowElapsedMs;
    shownMs = Math.max(machineMs, shownMs + sinceMs * (1 - SLOWER_BY));
    const aheadMs = shownMs - machineMs;
    if (aheadMs - aheadBeforeMs >= TOLD_FROM_MS) onSetBack(aheadMs - aheadBeforeMs);
    aheadBeforeMs = aheadMs;
    return Math.floor(shownMs);
  }

  return {
    nowMs,
    sleep: (ms, signal) => machine.sleep(ms, signal),
    aheadMs: () => Math.max(0, nowMs() - machine.nowMs()),
    notBefore(ms) {
      shownMs = Math.max(nowMs(), ms);
      aheadBeforeMs = shownMs - machine.nowMs();
    },
  };
}
