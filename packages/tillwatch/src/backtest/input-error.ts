/** Something in what is to be replayed makes no sense. The message can be shown: it has the place and a way out. */
export class InputError extends Error {
  override readonly name = 'InputError';

  /** `line` counts from 1; `hint` says what to do. */
  constructor(place: { readonly file: string; readonly line?: number | undefined }, what: string, hint?: string) {
    const at = place.line === undefined ? place.file : `${place.file}:${place.line}`;
    super(`${at}: ${what}${hint === undefined ? '' : `\n  = ${hint}`}`);
  }
}
