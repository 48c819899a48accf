import parseAddresses from 'nodemailer/lib/addressparser';
import { NotifyError } from '../notify-error.ts';

/** A mailbox of a header. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** No mail needs more. */
const MAX_RECIPIENTS = 200;

/**
 * Reads the mailboxes of a `to`, `from` or `cc`. Line breaks are refused: nothing that a label says can add a header or a
 * recipient behind it. @throws {NotifyError} reason `configuration`
 */
export function mailboxes(setting: string, text: string): Mailbox[] {
  if (/[\r\n\0]/.test(text)) {
    throw new NotifyError('configuration', `${setting} contains a line break`, {
      hint: `write ${setting} on one line`,
    });
  }
  const found = parseAddresses(text, { flatten: true }).map((box) => ({
    name: box.name ?? '',
    address: box.address ?? '',
  }));
  const wrong = found.find(({ address }) => !/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(address));
  if (found.length === 0 || wrong !== undefined) {
    throw new NotifyError('configuration', `${setting} is no list of addresses: ${JSON.stringify(text)}`, {
      hint: 'write name@example.org, or several separated by commas',
    });
  }
  if (found.length > MAX_RECIPIENTS) {
    throw new NotifyError('configuration', `${setting} names more than ${MAX_RECIPIENTS} addresses`);
  }
  return found;
}

/** One line for a header: control characters and line breaks become blanks, and it is not endless. */
export function headerText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not stay
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').slice(0, 900);
}
