import { alertName, isResolved, type Notification } from '@tillwatch/model';
import type { NotifyError } from './notify-error.ts';

/** A line such as Alertmanager's default subject, made without any template: it cannot fail. */
export function plainTitle(notification: Notification): string {
  const firing = notification.alerts.filter((alert) => !isResolved(alert, notification.atMs)).length;
  const state = firing > 0 ? `FIRING:${firing}` : 'RESOLVED';
  const group = [...notification.groupLabels].map(([, value]) => value).join(' ');
  const first = notification.alerts[0];
  return `[${state}] ${group === '' && first !== undefined ? alertName(first) : group}`.trimEnd();
}

/** How many alerts a plain message spells out. */
const MAX_LINES = 20;

/**
 * What is sent when a receiver's own template fails: every alert with its labels and its summary, and the mistake, so that
 * nobody is left without a message because of a typing error.
 */
export function plainLines(notification: Notification, problem: NotifyError | undefined): string[] {
  const lines = notification.alerts.slice(0, MAX_LINES).map((alert) => {
    const state = isResolved(alert, notification.atMs) ? 'resolved' : 'firing';
    const labels = [...alert.labels]
      .filter(([name]) => name !== 'alertname')
      .map(([name, value]) => `${name}=${value}`);
    const summary = alert.annotations.get('summary') || alert.annotations.get('description');
    const told = [alertName(alert), labels.join(', '), summary].filter((part) => part !== '').join(' — ');
    return `${state}: ${told}`;
  });
  const left = notification.alerts.length - lines.length;
  if (left > 0) lines.push(`${left} more, see Alertmanager's page.`);
  if (problem !== undefined) lines.push('', `This is a plain message, because ${problem.message}`);
  return lines;
}
