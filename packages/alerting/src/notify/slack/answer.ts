import { type HttpAnswer, statusError } from '../http-client.ts';
import { NotifyError, type NotifyReason } from '../notify-error.ts';

/** Slack's words for what is wrong, and what to do. The same words come from webhooks (as text) and from the Web API (as JSON). */
const HINTS: Readonly<Record<string, readonly [reason: NotifyReason, hint: string]>> = {
  invalid_token: ['auth', 'the webhook was revoked: create a new one and set api_url'],
  no_active_hooks: ['auth', 'the webhook was switched off: create a new one and set api_url'],
  no_service: ['auth', 'the webhook was removed: create a new one and set api_url'],
  no_service_id: ['auth', 'the address of the webhook is incomplete: copy it again'],
  no_team: ['auth', 'the address of the webhook is wrong: copy it again'],
  team_disabled: ['auth', 'the workspace is switched off'],
  invalid_auth: ['auth', 'the bot token is wrong: copy it again from the app’s settings'],
  not_authed: ['auth', 'no bot token was sent: set app_token, or http_config.authorization.credentials'],
  account_inactive: ['auth', 'the bot token was revoked: install the app again'],
  token_revoked: ['auth', 'the bot token was revoked: install the app again'],
  missing_scope: ['auth', 'give the app the scope chat:write'],
  action_prohibited: ['auth', 'an administrator restricts posting to this channel'],
  posting_to_general_channel_denied: ['auth', 'an administrator restricts posting to this channel'],
  channel_not_found: ['client', 'check the channel’s name; a private channel must invite the app'],
  not_in_channel: ['client', 'invite the app to the channel'],
  channel_is_archived: ['client', 'the channel is archived: choose another one'],
  is_archived: ['client', 'the channel is archived: choose another one'],
  user_not_found: ['client', 'check the name of the user'],
  ratelimited: ['rate-limited', ''],
  rate_limited: ['rate-limited', ''],
  rollup_error: ['server', ''],
  internal_error: ['server', ''],
  fatal_error: ['server', ''],
  service_unavailable: ['server', ''],
};

/** Refusals of a form that a plainer message may not meet. */
const BAD_FORM =
  /^(invalid_payload|invalid_blocks|invalid_blocks_format|invalid_attachments|too_many_attachments|msg_too_long|msg_blocks_too_long|no_text|missing_text_or_fallback_or_attachments)/;

/** Judges Slack's answer. `undefined` when the message was taken. */
export function slackError(answer: HttpAnswer, nowMs: number): NotifyError | undefined {
  const word = slackWord(answer.body);
  const ok = answer.status >= 200 && answer.status < 300;
  if (ok && (word === 'ok' || word === '')) return undefined;
  const known = HINTS[word];
  if (ok) {
    // The Web API answers 200 even when it refuses. Servers that only speak Slack's language may say anything with their 200.
    if (known === undefined && !answer.body.trim().startsWith('{')) return undefined;
    return new NotifyError(known?.[0] ?? 'client', `slack refused the message: ${word}`, {
      hint: known?.[1],
      badForm: BAD_FORM.test(word),
    });
  }
  const byStatus = statusError(answer.status, word, retryAfter(answer), nowMs);
  if (byStatus === undefined || byStatus.reason === 'rate-limited' || byStatus.reason === 'server') return byStatus;
  return new NotifyError(known?.[0] ?? byStatus.reason, byStatus.message, {
    hint: known?.[1] ?? byStatus.hint,
    badForm: BAD_FORM.test(word),
  });
}

/** The word in the answer: the text of a webhook, the `error` of the Web API; short and without anything secret. */
function slackWord(body: string): string {
  const text = body.trim();
  if (!text.startsWith('{')) return text.slice(0, 80);
  const json = parseObject(text);
  if (json.ok === true) return 'ok';
  return typeof json.error === 'string' ? json.error.slice(0, 80) : '';
}

/** The header, or the `retry_after` that the Web API puts in the body. */
function retryAfter(answer: HttpAnswer): string | undefined {
  if (answer.retryAfter !== undefined) return answer.retryAfter;
  const seconds = answer.body.trim().startsWith('{') ? parseObject(answer.body).retry_after : undefined;
  return typeof seconds === 'number' ? String(seconds) : undefined;
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
