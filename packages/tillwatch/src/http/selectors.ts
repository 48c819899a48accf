import type { Matcher } from '@tillwatch/model';
import { readSeriesSelector, UnreadableQuery } from '../query/unreadable-query.ts';
import { BadRequest, type Parameters } from './parameters.ts';

/** The texts of `match[]`, each of which is one series selector. @throws {BadRequest} */
export function selectorTexts(parameters: Parameters): string[] {
  for (const text of parameters.all('match[]')) matchersOf('match[]', text);
  return parameters.all('match[]');
}

/** The matchers of each `match[]`. @throws {BadRequest} */
export function selectorMatchers(parameters: Parameters): (readonly Matcher[])[] {
  return parameters.all('match[]').map((text) => matchersOf('match[]', text));
}

/** The matchers of a series selector. @throws {BadRequest} that names the parameter */
export function matchersOf(name: string, text: string): readonly Matcher[] {
  try {
    return readSeriesSelector(text).matchers;
  } catch (error) {
    if (!(error instanceof UnreadableQuery)) throw error;
    throw new BadRequest(`invalid parameter "${name}": ${error.message}`, error.details);
  }
}
