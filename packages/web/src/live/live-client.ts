import type { LiveState } from '../api/index.ts';

/** What the page knows: the last state it was sent, and whether more is coming. */
export interface LiveView {
  readonly state: LiveState | undefined;
  readonly connection: 'connecting' | 'live' | 'lost';
  /** When the last state arrived, by this browser's clock. */
  readonly receivedAtMs: number | undefined;
}

/** Without a state for this long the connection counts as lost: states come about every two seconds. */
const LOST_AFTER_MS = 12_000;
const RECONNECT_MS = 2_000;

/**
 * Follows the server's live state and calls `onChange` with every change. The stream is opened anew when it ends or goes
 * quiet. Returns a function that ends it.
 */
export function followLiveState(url: string, onChange: (view: LiveView) => void): () => void {
  let view: LiveView = { state: undefined, connection: 'connecting', receivedAtMs: undefined };
  let source: EventSource | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const change = (next: Partial<LiveView>) => {
    view = { ...view, ...next };
    onChange(view);
  };
  const restart = () => {
    if (ended) return;
    source?.close();
    change({ connection: 'lost' });
    clearTimeout(watchdog);
    watchdog = setTimeout(open, RECONNECT_MS);
  };
  const open = () => {
    source = new EventSource(url);
    source.addEventListener('state', (event) => {
      change({ state: JSON.parse(event.data) as LiveState, connection: 'live', receivedAtMs: Date.now() });
      clearTimeout(watchdog);
      watchdog = setTimeout(restart, LOST_AFTER_MS);
    });
    source.addEventListener('error', restart);
    watchdog = setTimeout(restart, LOST_AFTER_MS);
  };
  open();
  return () => {
    ended = true;
    clearTimeout(watchdog);
    source?.close();
  };
}
