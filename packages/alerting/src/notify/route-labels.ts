import { Labels, type Notification } from '@tillwatch/model';
import {
  type NotificationTemplates,
  notificationData,
  renderNotificationText,
  TemplateError,
} from '../template/index.ts';

/** Labels may refer to each other through `routeLabels "name"`; deeper chains than this are cut. */
const MAX_DEPTH = 4;

/**
 * The labels of a route for one notification: each is a template over the notification's data, and may use the others. One
 * that fails keeps its text as it is written, since a message matters more than its decoration.
 */
export function renderRouteLabels(
  templates: NotificationTemplates,
  labels: Readonly<Record<string, string>>,
  notification: Notification,
  externalUrl: string,
  nowMs: number,
): Labels {
  const entries = Object.entries(labels);
  if (!entries.some(([, text]) => text.includes('{{'))) return Labels.of(labels);
  let rendered = Labels.empty;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const data = notificationData({ ...notification, routeLabels: rendered }, externalUrl);
    const next = Labels.from(
      entries.map(([name, text]): [string, string] => {
        try {
          return [name, renderNotificationText(templates, text, data, { name: `labels.${name}`, nowMs })];
        } catch (error) {
          if (error instanceof TemplateError) return [name, text];
          throw error;
        }
      }),
    );
    if (next.equals(rendered)) break;
    rendered = next;
  }
  return rendered;
}
