import type { Problem } from '@tillwatch/model';

/** Notes a problem of tillwatch.yaml at the place of `path`: what is wrong, and what to do. An error unless it says otherwise. */
export type ReportProblem = (
  path: (string | number)[],
  code: string,
  message: string,
  hint: string,
  severity?: Problem['severity'],
) => void;
