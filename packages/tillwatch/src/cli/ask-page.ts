import { CliError } from './terminal.ts';

/** Measuring a week takes its time. */
const TIMEOUT_MS = 120_000;

/**
 * Asks the API of a running watch for JSON, by POST when there is a body.
 * @throws {CliError} when nothing answers there, or when it answers with an error.
 */
export async function askPage<T>(url: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(new URL(path, url), {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = await response.json();
  } catch (error) {
    throw new CliError(
      `nothing that is Tillwatch answers at ${url}: start it with tillwatch up, or say where its page is with --url`,
      { cause: error },
    );
  }
  if (response.ok) return answer as T;
  const said = (answer as { error?: unknown } | null)?.error;
  throw new CliError(typeof said === 'string' ? said : `${url} answered with status ${response.status}`);
}
