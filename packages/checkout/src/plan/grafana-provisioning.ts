import { yamlFile } from './yaml-file.ts';

/** What Grafana reads at its start: where Prometheus is, and where the dashboards lie. */
export function grafanaProvisioning(): { path: string; content: string }[] {
  return [
    {
      path: 'grafana/provisioning/datasources/tillwatch.yml',
      content: yamlFile('Where Grafana finds Prometheus.', {
        apiVersion: 1,
        datasources: [
          {
            name: 'Prometheus',
            uid: 'tillwatch-prometheus',
            type: 'prometheus',
            access: 'proxy',
            url: 'http://127.0.0.1:9090',
            isDefault: true,
            jsonData: { httpMethod: 'POST' },
          },
        ],
      }),
    },
    {
      path: 'grafana/provisioning/dashboards/tillwatch.yml',
      content: yamlFile('Dashboards that Tillwatch wrote.', {
        apiVersion: 1,
        providers: [
          {
            name: 'tillwatch',
            folder: 'Tillwatch',
            type: 'file',
            allowUiUpdates: false,
            options: { path: '/var/lib/grafana/dashboards' },
          },
        ],
      }),
    },
  ];
}
