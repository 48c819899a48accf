import type { Subject } from './subject.ts';
import { expositionSubjects } from './subjects/exposition.ts';
import { fileSubjects } from './subjects/files.ts';
import { httpSubject } from './subjects/http.ts';
import { lineSubjects } from './subjects/lines.ts';
import { matcherSubjects } from './subjects/matchers.ts';
import { promqlSubjects } from './subjects/promql.ts';
import { storeSubjects } from './subjects/store.ts';
import { templateSubjects } from './subjects/templates.ts';
import { valueSubjects } from './subjects/values.ts';

/** Everything that reads what others wrote, on its own. */
export const parsers: readonly Subject[] = [
  ...valueSubjects,
  ...expositionSubjects,
  ...promqlSubjects,
  ...matcherSubjects,
  ...fileSubjects,
  ...templateSubjects,
  ...lineSubjects,
  ...storeSubjects,
];

/** The parsers, and what answers over a socket. */
export const subjects: readonly Subject[] = [...parsers, httpSubject];
