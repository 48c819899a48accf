/** How a service that the shop depends on carries itself. Every part can be changed while it runs. */
export interface Behaviour {
  /** Half of the answers take longer than this. */
  readonly latencyMs: number;
  /** Share of payments that are declined although the card is good; in 0..1. */
  readonly declineRate: number;
  /** Share of calls that are answered with a 500; in 0..1. */
  readonly errorRate: number;
  readonly outage: Outage;
}

/**
 * `unavailable`: 503 at once. `hang`: takes the request and never answers. `drop`: closes the connection.
 * `mixed`: each of them now and then, as in a real outage.
 */
type Outage = (typeof OUTAGES)[number];

const OUTAGES = ['none', 'unavailable', 'hang', 'drop', 'mixed'] as const;

/** Reads a change from JSON; a sentence that says what is wrong with it if it is none. */
export function readBehaviourChange(value: unknown): Partial<Behaviour> | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'expected a JSON object';
  const change: { -readonly [Key in keyof Behaviour]?: Behaviour[Key] } = {};
  for (const [key, setting] of Object.entries(value)) {
    switch (key) {
      case 'latencyMs':
        if (!isNumberIn(setting, 0, 60_000)) return 'latencyMs must be a number from 0 to 60000';
        change.latencyMs = setting;
        break;
      case 'declineRate':
      case 'errorRate':
        if (!isNumberIn(setting, 0, 1)) return `${key} must be a number from 0 to 1`;
        change[key] = setting;
        break;
      case 'outage':
        if (!OUTAGES.includes(setting as Outage)) return `outage must be one of ${OUTAGES.join(', ')}`;
        change.outage = setting as Outage;
        break;
      default:
        return `unknown setting ${JSON.stringify(key)}; known are latencyMs, declineRate, errorRate, outage`;
    }
  }
  return change;
}

function isNumberIn(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}
