import type { AlertRouter } from '@tillwatch/alerting';
import { type Alert, Labels } from '@tillwatch/model';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

export interface AlertmanagerServices {
  readonly router: AlertRouter;
}

const labelSet = z.record(z.string().min(1).max(1_024), z.string().max(65_536));
const time = z.iso.datetime({ offset: true });
const postedAlerts = z
  .array(
    z.object({
      labels: labelSet,
      annotations: labelSet.optional(),
      startsAt: time.optional(),
      endsAt: time.optional(),
      generatorURL: z.string().max(8_192).optional(),
    }),
  )
  .max(10_000);

/** `/api/v2/alerts` of Alertmanager: what a real Prometheus, or any tool, sends its alerts to; and the list of those known. */
export function registerAlertmanagerRoutes(app: FastifyInstance, { router }: AlertmanagerServices): void {
  app.post('/api/v2/alerts', (request, reply) => {
    const posted = postedAlerts.safeParse(request.body);
    if (!posted.success) return reply.code(400).send(z.prettifyError(posted.error));
    const alerts: Alert[] = [];
    for (const { labels, annotations, startsAt, endsAt, generatorURL } of posted.data) {
      const set = Labels.of(labels);
      if (set.size === 0) return reply.code(400).send('every alert needs at least one label\n');
      // Missing times are 0: the router knows what they mean.
      const startsAtMs = timeOf(startsAt);
      const endsAtMs = timeOf(endsAt);
      if (endsAtMs > 0 && endsAtMs < startsAtMs)
        return reply.code(400).send('an alert must not end before it starts\n');
      alerts.push({
        labels: set,
        annotations: Labels.of(annotations ?? {}),
        startsAtMs,
        endsAtMs,
        generatorUrl: generatorURL ?? '',
      });
    }
    router.accept(alerts);
    return reply.code(200).send();
  });

  app.get('/api/v2/alerts', () =>
    router.alerts().map(({ alert, fingerprint, state, silencedBy, inhibitedBy, mutedBy, receivers, updatedAtMs }) => ({
      labels: alert.labels.toRecord(),
      annotations: alert.annotations.toRecord(),
      startsAt: new Date(alert.startsAtMs).toISOString(),
      endsAt: new Date(alert.endsAtMs).toISOString(),
      updatedAt: new Date(updatedAtMs).toISOString(),
      fingerprint,
      generatorURL: alert.generatorUrl,
      receivers: receivers.map((name) => ({ name })),
      status: { state, silencedBy, inhibitedBy, mutedBy },
    })),
  );
}

/** A posted time in ms, 0 for none; Go clients send their zero time for that. */
function timeOf(text: string | undefined): number {
  return text === undefined || text.startsWith('0001-01-01') ? 0 : Date.parse(text);
}
