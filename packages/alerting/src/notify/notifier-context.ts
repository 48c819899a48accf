import type { NotificationTemplates } from '../template/index.ts';
import type { ReadFile } from './files.ts';

/** What a notifier needs besides its own configuration. */
export interface NotifierContext {
  readonly templates: NotificationTemplates;
  /** Where people find the alerts; the base of links. */
  readonly externalUrl: string;
  readonly readFile: ReadFile;
  /** Names the notifier in errors: `slack[0] of receiver "ops"`. */
  readonly place: string;
}
