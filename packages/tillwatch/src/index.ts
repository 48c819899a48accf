export {
  type Configuration,
  type LoadResult,
  loadStandardFiles,
  loadTillwatchYaml,
  type StandardFiles,
} from './configuration.ts';
export { ConfigurationError } from './configuration-error.ts';
export { createTillwatch, type Setup, type Tillwatch, type TillwatchOptions } from './tillwatch.ts';
