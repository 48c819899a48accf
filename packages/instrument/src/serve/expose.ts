import { Registry } from 'prom-client';
import { Counter } from '../cells/counter.ts';
import type { Family } from '../cells/family.ts';
import { Histogram } from '../cells/histogram.ts';

/**
 * The exposition of a registry. Our families write themselves from lines that are prepared up to the value; all other
 * metrics are written by prom-client. A registry that adds labels to every line, or speaks OpenMetrics, is left to
 * prom-client as a whole: it can, because our families are ordinary metrics to it.
 */
export async function expose(registry: Registry): Promise<string> {
  const metrics: readonly unknown[] = registry.getMetricsAsArray();
  const probe = metrics.filter(isFamily).reduce(smaller, undefined);
  if (probe === undefined || registry.contentType !== Registry.PROMETHEUS_CONTENT_TYPE) return registry.metrics();
  // What a registry adds can be seen only in what it writes, so one small family is written by both.
  const written = await registry.getSingleMetricAsString(probe.name);
  if (`${written}\n` !== probe.render()) return registry.metrics();
  const parts = await Promise.all(
    metrics.map(async (metric) =>
      isFamily(metric)
        ? metric.render()
        : `${await registry.getSingleMetricAsString((metric as { name: string }).name)}\n`,
    ),
  );
  return parts.join('\n');
}

function isFamily(metric: unknown): metric is Family {
  return metric instanceof Counter || metric instanceof Histogram;
}

function smaller(smallest: Family | undefined, family: Family): Family {
  return smallest !== undefined && smallest.seriesCount <= family.seriesCount ? smallest : family;
}
