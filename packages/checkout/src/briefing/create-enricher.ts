import type { AlertEnricher, Briefing, Clock, Ledger, Notification, Querier } from '@tillwatch/model';
import type { FailureSource } from '../failures/failure-example.ts';
import { IncidentReader } from '../incident/incident.ts';
import type { TillwatchConfig } from '../settings/tillwatch-config.ts';
import { composeBriefing } from './compose-briefing.ts';

export interface EnricherOptions {
  /** Asked for figures of the embedded engine or of any Prometheus that runs the generated rules. */
  readonly querier: Querier;
  readonly config: TillwatchConfig;
  readonly clock: Clock;
  /** Where Tillwatch's page is reached, for links. */
  readonly pageUrl: string;
  /** Remembers since when an incident lasts, so that later messages say the same; without it that is found anew. */
  readonly ledger?: Ledger;
  /** The last failures that the shop logged, for developers. */
  readonly failures?: FailureSource;
}

/**
 * Tells the story of an incident in the words of the team that the notification goes to. Receivers that are no team of the
 * config, and alerts that are not Tillwatch's own, are left to their own templates.
 */
export function createEnricher(options: EnricherOptions): AlertEnricher {
  const { querier, config, clock, pageUrl, ledger, failures } = options;
  const incidents = new IncidentReader(querier, config, clock, ledger, failures);
  return {
    async brief(notification: Notification): Promise<Briefing | undefined> {
      const team = config.teams.find(({ name }) => name === notification.receiver);
      if (team === undefined) return undefined;
      const incident = await incidents.read(notification);
      return incident === undefined ? undefined : composeBriefing(incident, team, config, pageUrl);
    },
  };
}
