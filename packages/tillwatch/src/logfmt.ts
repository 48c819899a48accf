import type { LogFields, Logger } from '@tillwatch/model';

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** How much is logged: this level and the more important ones. */
export type LogLevel = (typeof LEVELS)[number];

export function isLogLevel(text: string): text is LogLevel {
  return (LEVELS as readonly string[]).includes(text);
}

/**
 * Writes one line of `key=value` per event: time, level, constant message, then the fields.
 * `write` gets whole lines with their newline.
 */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): Logger {
  const enabled = LEVELS.slice(0, LEVELS.indexOf(level) + 1);
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (!enabled.includes(own)) return;
      let line = `time=${now().toISOString()} level=${own} msg=${logfmtValue(message)}`;
      for (const [key, value] of Object.entries(fields)) {
        if (value !== undefined) line += ` ${key}=${logfmtValue(String(value))}`;
      }
      write(`${line}\n`);
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** Quotes a value when it would not survive as one word; control characters are escaped so that a line stays a line. */
function logfmtValue(text: string): string {
  return text !== '' && /^[^\s"=\p{Cc}]+$/u.test(text) ? text : JSON.stringify(text);
}
