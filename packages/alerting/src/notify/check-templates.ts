import type { AlertmanagerConfig } from '@tillwatch/config';
import type { Problem, SourceText } from '@tillwatch/model';
import {
  type NotificationData,
  type NotificationTemplates,
  notificationData,
  parseNotificationTemplates,
  renderNotificationText,
  TemplateError,
} from '../template/index.ts';
import { testNotification } from './test-message.ts';

/** What a receiver's settings are called, and the texts in them. */
type Texts = readonly (readonly [setting: string, text: string])[];

/**
 * Finds the mistakes in the texts of receivers before a message needs them: renders every text of every receiver with sample
 * data, once firing and once resolved. A setting is named as in `receivers[ops].slack_configs[0].text`, which is the `file`
 * of a problem in it. What cannot be read in the template files themselves is found by `parseNotificationTemplates`.
 */
export function checkReceiverTexts(config: AlertmanagerConfig, sources: readonly SourceText[]): Problem[] {
  const { templates } = parseNotificationTemplates(sources);
  const found = new Map<string, Problem>();
  for (const receiver of config.receivers) {
    const place = `receivers[${receiver.name}]`;
    const check = (field: string, i: number, texts: Texts) => {
      for (const [setting, text] of texts) {
        const problem = firstProblem(templates, `${place}.${field}[${i}].${setting}`, text, setting === 'html');
        if (problem !== undefined) found.set(`${problem.at.file}:${problem.at.from}:${problem.message}`, problem);
      }
    };
    receiver.slackConfigs.forEach((slack, i) => {
      check('slack_configs', i, [
        ...textsOf(slack),
        ...slack.fields.flatMap((field, n) => textsOf(field, `fields[${n}].`)),
        ...slack.actions.flatMap((action, n) => textsOf(action, `actions[${n}].`)),
      ]);
    });
    receiver.emailConfigs.forEach((email, i) => {
      check('email_configs', i, [...textsOf(email), ...textsOf(email.headers, 'headers.', (name) => name)]);
    });
    receiver.webhookConfigs.forEach((webhook, i) => {
      check('webhook_configs', i, [['url', webhook.url?.reveal() ?? '']]);
    });
  }
  return [...found.values()];
}

function textsOf(settings: object, prefix = '', spell = wireName): Texts {
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'string' && value.includes('{{') ? [[`${prefix}${spell(name)}`, value] as const] : [],
  );
}

/** `titleLink` is written `title_link`. */
function wireName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function firstProblem(
  templates: NotificationTemplates,
  setting: string,
  text: string,
  html: boolean,
): Problem | undefined {
  for (const data of samples()) {
    try {
      renderNotificationText(templates, text, data, { html, name: setting, nowMs: SAMPLE_MS });
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return error.problem;
    }
  }
  return undefined;
}

const SAMPLE_MS = Date.UTC(2026, 0, 1);

/** The same alert firing and resolved: a template can take either way. */
function samples(): NotificationData[] {
  const notification = testNotification('sample', SAMPLE_MS);
  const alerts = notification.alerts.map((alert) => ({ ...alert, endsAtMs: SAMPLE_MS - 1 }));
  return [notification, { ...notification, alerts }].map((one) => notificationData(one, 'http://tillwatch.example'));
}
