import type { Scraper } from '@tillwatch/scrape';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * What scraping says about itself: the search for targets under the names that Prometheus gives it, and the series that limits
 * keep out. There is a series for each job and mechanism from the start, so that the first failure is seen.
 */
export function registerScrapeMetrics(register: Registry, scraper: Scraper): void {
  new Gauge({
    name: 'prometheus_sd_discovered_targets',
    help: 'Targets that were found, before relabelling.',
    labelNames: ['name', 'config'],
    registers: [register],
    collect() {
      this.reset();
      for (const { name, discovered } of scraper.pools()) this.set({ name: 'scrape', config: name }, discovered);
    },
  });
  const searches = (name: string, help: string, count: (search: Search) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['mechanism', 'config'],
      registers: [register],
      collect() {
        this.reset();
        for (const pool of scraper.pools()) {
          for (const search of pool.searches) {
            this.inc({ mechanism: search.mechanism, config: pool.name }, count(search));
          }
        }
      },
    });
  searches('prometheus_sd_refresh_total', 'Looks for targets.', ({ refreshes }) => refreshes);
  searches(
    'prometheus_sd_refresh_failures_total',
    'Looks for targets that failed, so that those of the last one stayed.',
    ({ failures }) => failures,
  );
  new Counter({
    name: 'tillwatch_scrape_series_dropped_total',
    help: 'New series that were left out because a target or the store has too many; each counts at every scrape.',
    labelNames: ['scrape_job', 'scrape_instance'],
    registers: [register],
    collect() {
      this.reset();
      for (const target of scraper.targets()) {
        if (target.state !== 'active') continue;
        this.inc(
          { scrape_job: target.labels.get('job'), scrape_instance: target.labels.get('instance') },
          target.seriesDroppedTotal,
        );
      }
    },
  });
}

type Search = ReturnType<Scraper['pools']>[number]['searches'][number];
