import type { RuleSimulation } from '@tillwatch/alerting';
import { formatDuration, Labels } from '@tillwatch/model';
import type { ScenarioAlert } from './rule-scenario.ts';

/** What was there after one evaluation. */
export interface Moment {
  /** Since the start. */
  readonly atMs: number;
  readonly alerts: readonly ScenarioAlert[];
}

/** How many moments before the one in question are told, and how many of the other alerts. */
const TOLD_MOMENTS = 4;
const TOLD_ALERTS = 6;

/** Tells what happened in a simulation, for messages. */
export class Story {
  readonly #simulation: RuleSimulation;

  constructor(simulation: RuleSimulation) {
    this.#simulation = simulation;
  }

  /** The present moment. */
  momentNow(): Moment {
    const { startMs, elapsedMs } = this.#simulation;
    const alerts = this.#simulation.rules().flatMap((rule) =>
      rule.type !== 'alerting'
        ? []
        : rule.alerts.map(
            ({ labels, annotations, state, value, activeAtMs }): ScenarioAlert => ({
              name: rule.name,
              state,
              labels,
              annotations,
              value,
              activeAt: formatDuration(activeAtMs - startMs),
              seenAt: formatDuration(elapsedMs),
            }),
          ),
    );
    return { atMs: elapsedMs, alerts };
  }

  /** What an alert and its condition did up to a moment, and what else fired. */
  around(alert: string, atMs: number, moments: readonly Moment[]): string[] {
    const known = moments.filter((moment) => moment.atMs <= atMs);
    return [...this.#pending(alert, known), ...firings(known), ...this.#conditions(alert, known)];
  }

  #pending(alert: string, moments: readonly Moment[]): string[] {
    const last = moments.at(-1)?.alerts.filter(({ name, state }) => name === alert && state === 'pending') ?? [];
    const waits = this.#simulation
      .rules()
      .flatMap((rule) => (rule.type === 'alerting' && rule.name === alert && rule.forMs > 0 ? [rule.forMs] : []));
    const after = waits.length === 0 ? '' : `, of which its for wants ${formatDuration(Math.min(...waits))}`;
    return last.map(({ labels, activeAt }) => `pending since ${activeAt}${after}: ${written(labels)}`);
  }

  /** The sides of the condition at the last few evaluations. No line begins with "at": test runners take that for a stack. */
  #conditions(alert: string, moments: readonly Moment[]): string[] {
    const queries = this.#simulation.rules().flatMap((rule) => (rule.name === alert ? [rule.query] : []));
    return queries.flatMap((query) => {
      const lines = moments
        .slice(-TOLD_MOMENTS)
        .flatMap(({ atMs }) =>
          this.#simulation
            .observe(query, atMs)
            .map(
              ({ expr, samples }) =>
                `  ${formatDuration(atMs)}  ${expr}: ${samples.length === 0 ? 'nothing' : samples.join(', ')}`,
            ),
        );
      return [`condition: ${query.replace(/\s*\n\s*/g, ' ')}`, ...lines];
    });
  }
}

/** Which alerts fired, and from when on. */
function firings(moments: readonly Moment[]): string[] {
  const first = new Map<string, string>();
  for (const { atMs, alerts } of moments) {
    for (const { name, state, labels } of alerts) {
      const text = `${name} ${written(labels)}`;
      if (state === 'firing' && !first.has(text)) first.set(text, formatDuration(atMs));
    }
  }
  if (first.size === 0) return ['fired: nothing'];
  const told = [...first].slice(0, TOLD_ALERTS).map(([text, at]) => `fired at ${at}: ${text}`);
  return first.size > TOLD_ALERTS ? [...told, `and ${first.size - TOLD_ALERTS} more`] : told;
}

function written(labels: Readonly<Record<string, string>>): string {
  return String(Labels.of(labels).without(['alertname']));
}
