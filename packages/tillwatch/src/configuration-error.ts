import type { Problem } from '@tillwatch/model';

/** The configuration has errors; nothing was started. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(`the configuration has ${problems.length === 1 ? 'a problem' : 'problems'}`);
    this.problems = problems;
  }
}
