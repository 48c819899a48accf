import {
  type NotificationData,
  type NotificationTemplates,
  renderNotificationText,
  TemplateError,
} from '../template/index.ts';
import { NotifyError } from './notify-error.ts';

/** Expands the texts of one message. The first mistake is thrown as a `NotifyError` that names the setting and the place. */
export interface Renderer {
  /** @throws {NotifyError} with reason `template` */
  text(setting: string, template: string): string;
  /** The same with values escaped for HTML. @throws {NotifyError} with reason `template` */
  html(setting: string, template: string): string;
}

/** A renderer for one message to one receiver; `data` may have been made safe for the medium. */
export function createRenderer(
  templates: NotificationTemplates,
  data: NotificationData,
  nowMs: number,
  place: string,
): Renderer {
  const render = (setting: string, template: string, html: boolean): string => {
    // Most settings are empty or plain words.
    if (!template.includes('{{')) return template;
    try {
      return renderNotificationText(templates, template, data, { html, name: setting, nowMs });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new NotifyError('template', `the template of ${setting} in ${place} failed: ${error.message}`, {
        cause: error,
        hint: error.problem.hint ?? 'correct the template; `tillwatch check` shows its place',
      });
    }
  };
  return {
    text: (setting, template) => render(setting, template, false),
    html: (setting, template) => render(setting, template, true),
  };
}
