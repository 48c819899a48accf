export {
  createScraper,
  type MetricMetadata,
  type ScrapePoolStatus,
  type Scraper,
  type ScraperOptions,
  type TargetStatus,
} from './scraper.ts';
export { DEFAULT_SERIES_LIMITS, type SeriesLimits } from './series-limits.ts';
