import { formatDuration } from '@tillwatch/model';
import { yamlFile } from './yaml-file.ts';

/**
 * The real stack in containers. They share the host's network, so that the same files work in containers and beside them,
 * and listen on the loopback address only. Samples are kept for `retentionMs`: error budgets look back so far.
 */
export function composeFile(retentionMs: number): string {
  const container = (image: string, command: string[], volumes: string[], more: object = {}) => ({
    image,
    network_mode: 'host',
    restart: 'unless-stopped',
    command: command.length === 0 ? undefined : command,
    volumes,
    ...more,
  });
  return yamlFile(
    'Prometheus, Alertmanager and Grafana on the generated files, reachable from this machine only:\nhttp://127.0.0.1:9090, http://127.0.0.1:9093, http://127.0.0.1:3001. Start with: docker compose up -d',
    {
      services: {
        prometheus: container(
          'prom/prometheus:v3.5.0',
          [
            '--config.file=/etc/prometheus/prometheus.yml',
            '--storage.tsdb.path=/prometheus',
            `--storage.tsdb.retention.time=${formatDuration(retentionMs)}`,
            '--web.listen-address=127.0.0.1:9090',
          ],
          [
            './prometheus.yml:/etc/prometheus/prometheus.yml:ro',
            './rules:/etc/prometheus/rules:ro',
            'prometheus-data:/prometheus',
          ],
        ),
        alertmanager: container(
          'prom/alertmanager:v0.28.1',
          [
            '--config.file=/etc/alertmanager/alertmanager.yml',
            '--storage.path=/alertmanager',
            '--web.listen-address=127.0.0.1:9093',
            '--cluster.listen-address=',
          ],
          [
            './alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro',
            './templates:/etc/alertmanager/templates:ro',
            './secrets:/etc/alertmanager/secrets:ro',
            'alertmanager-data:/alertmanager',
          ],
        ),
        grafana: container(
          'grafana/grafana:12.1.0',
          [],
          [
            './grafana/provisioning:/etc/grafana/provisioning:ro',
            './grafana/dashboards:/var/lib/grafana/dashboards:ro',
            'grafana-data:/var/lib/grafana',
          ],
          {
            environment: {
              GF_SERVER_HTTP_ADDR: '127.0.0.1',
              GF_SERVER_HTTP_PORT: '3001',
              GF_AUTH_ANONYMOUS_ENABLED: 'true',
              GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
            },
          },
        ),
      },
      volumes: { 'prometheus-data': {}, 'alertmanager-data': {}, 'grafana-data': {} },
    },
  );
}
