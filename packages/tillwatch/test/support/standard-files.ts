import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Standard files that scrape one exporter, page when `shop_broken` is above 0, and tell one Slack webhook. */
export async function writeStandardFiles(dir: string, exporter: string, webhookUrl: string) {
  const prometheus = join(dir, 'prometheus.yml');
  const alertmanager = join(dir, 'alertmanager.yml');
  await writeFile(
    prometheus,
    `global:
  scrape_interval: 500ms
  scrape_timeout: 500ms
  evaluation_interval: 200ms
rule_files: [rules.yml]
scrape_config_files: ['jobs/*.yml']
scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ['${exporter}']
        labels: {region: eu}
`,
  );
  await writeFile(
    join(dir, 'rules.yml'),
    `groups:
  - name: shop
    rules:
      - record: shop:orders:sum
        expr: sum(shop_orders_total)
      - alert: ShopBroken
        expr: shop_broken > 0
        labels: {severity: page}
        annotations:
          summary: 'The shop in {{ $labels.region }} is broken: {{ $value }}'
`,
  );
  await writeFile(
    alertmanager,
    `route:
  receiver: oncall
  group_by: [alertname]
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: 1h
receivers:
  - name: oncall
    slack_configs:
      - api_url: '${webhookUrl}'
        channel: '#oncall'
        send_resolved: true
        title: '{{ .CommonLabels.alertname }} is {{ .Status }}'
        text: '{{ .CommonAnnotations.summary }}'
`,
  );
  return { prometheus, alertmanager };
}

/** What a working shop exposes. */
export const WORKING = `# HELP shop_orders_total Orders.
# TYPE shop_orders_total counter
shop_orders_total{method="card"} 40
shop_orders_total{method="invoice"} 2
# TYPE shop_broken gauge
shop_broken 0
`;

export const BROKEN = WORKING.replace('shop_broken 0', 'shop_broken 3');
