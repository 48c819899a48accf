export { createScraper, type MetricMetadata, type Scraper, type ScraperOptions, type TargetStatus } from './scraper.ts';
