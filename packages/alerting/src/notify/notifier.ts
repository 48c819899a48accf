import type { Briefing, Labels, Notification } from '@tillwatch/model';
import type { NotifyError } from './notify-error.ts';

/** What a notifier is given to deliver. */
export interface OutgoingMessage {
  /** Unique and the same at every attempt, so that a medium with message ids can drop what arrives twice. */
  readonly id: string;
  readonly notification: Notification;
  readonly routeLabels: Labels;
  /** Why now, in Alertmanager's words: `first notification`, `repeat interval elapsed`, … */
  readonly reason: string;
  /** The message in the words of its audience; without one the receiver's own templates are used. */
  readonly briefing: Briefing | undefined;
  /** Names the incident: equal for all messages about a group from its first firing alert to its all-clear. */
  readonly thread: string;
  /** When this attempt is made. */
  readonly nowMs: number;
}

/** A delivery that the receiver confirmed. */
export interface Delivered {
  /** The line by which a person recognises the message. */
  readonly title: string;
  /** What was wrong although a message arrived: a template failed and a plain message was sent in its place. */
  readonly degraded?: NotifyError | undefined;
}

/** One way out: one entry of a receiver's `slack_configs`, `email_configs` or `webhook_configs`. */
export interface Notifier {
  readonly kind: 'slack' | 'email' | 'webhook';
  /** Where messages go, for people: a channel, an address, a host. Never a secret. */
  readonly target: string;
  readonly sendResolved: boolean;
  /** The longest that one attempt may take, when it is not the default. */
  readonly timeoutMs?: number | undefined;
  /** What the receiver asks of us: at most one message per `intervalMs` over all notifiers with the same `key`. */
  readonly pace?: { readonly key: string; readonly intervalMs: number } | undefined;
  /** Resolves when the receiver said yes. @throws {NotifyError} */
  send(message: OutgoingMessage, signal: AbortSignal): Promise<Delivered>;
  /** Lets go of connections. */
  close(): Promise<void>;
}
