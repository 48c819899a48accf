// The little language that messages are written in, small enough for somebody who has never seen a template:
//   {name}        the value of a placeholder
//   [ … {name} ]  left out as a whole when one of its placeholders is not known
//   {{ }} [[ ]]   the characters themselves

/** A text between placeholders, a placeholder, or a stretch that can be left out. */
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: string; readonly at: number }
  | { readonly kind: 'optional'; readonly pieces: readonly Piece[]; readonly at: number };

/** A text that was read. */
export interface MessageText {
  readonly pieces: readonly Piece[];
}

/** What is wrong with a text, and the stretch of it where: offsets in UTF-16 units, `to` not included. */
export interface TextMistake {
  readonly message: string;
  readonly hint: string;
  readonly from: number;
  readonly to: number;
}

/** What placeholders stand for; `undefined` where it is not known. */
export type Values = Readonly<Record<string, string | undefined>>;

const NAME = /^[a-z][a-z0-9_]*$/;

/** Reads a text. With a mistake in it there is no text. */
export function parseMessageText(text: string): { readonly text: MessageText } | { readonly mistake: TextMistake } {
  const pieces: Piece[] = [];
  let optional: { readonly pieces: Piece[]; readonly at: number } | undefined;
  let plain = '';
  const flush = () => {
    if (plain !== '') (optional?.pieces ?? pieces).push({ kind: 'text', text: plain });
    plain = '';
  };
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (!'{}[]'.includes(char)) {
      plain += char;
      continue;
    }
    if (text.charAt(i + 1) === char) {
      plain += char;
      i++;
      continue;
    }
    flush();
    switch (char) {
      case '{': {
        const end = text.indexOf('}', i);
        const name = text.slice(i + 1, end < 0 ? undefined : end);
        if (end < 0) return mistake('"{" is never closed', 'write {name}, or {{ for the character', i, text.length);
        if (!NAME.test(name)) {
          return mistake(`"{${name}}" is no placeholder`, 'a placeholder is written {name}', i, end + 1);
        }
        (optional?.pieces ?? pieces).push({ kind: 'placeholder', name, at: i });
        i = end;
        break;
      }
      case '[':
        if (optional !== undefined) {
          return mistake(
            '"[" inside of "[ … ]"',
            'what can be left out does not nest; write [[ for the character',
            i,
            i + 1,
          );
        }
        optional = { pieces: [], at: i };
        break;
      case ']':
        if (optional === undefined) {
          return mistake('"]" without a "[" before it', 'write ]] for the character', i, i + 1);
        }
        if (!optional.pieces.some(({ kind }) => kind === 'placeholder')) {
          return mistake(
            'there is no placeholder between "[" and "]"',
            'it would never be left out; write [[ and ]] for the characters',
            optional.at,
            i + 1,
          );
        }
        pieces.push({ kind: 'optional', ...optional });
        optional = undefined;
        break;
      default:
        return mistake('"}" without a "{" before it', 'write }} for the character', i, i + 1);
    }
  }
  flush();
  if (optional !== undefined) {
    return mistake('"[" is never closed', 'write ], or [[ for the character', optional.at, text.length);
  }
  return { text: { pieces } };
}

/** Every placeholder with its offset, those that may be left out too. */
export function placeholdersOf({ pieces }: MessageText): { readonly name: string; readonly at: number }[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === 'text') return [];
    return piece.kind === 'optional' ? placeholdersOf(piece) : [piece];
  });
}

/** Writes the text with its values; `undefined` when one that cannot be left out is not known and there is nothing to say for it. */
export function renderMessageText({ pieces }: MessageText, values: Values, forUnknown?: string): string | undefined {
  let written = '';
  for (const piece of pieces) {
    switch (piece.kind) {
      case 'text':
        written += piece.text;
        break;
      case 'placeholder': {
        const value = values[piece.name] ?? forUnknown;
        if (value === undefined) return undefined;
        written += value;
        break;
      }
      case 'optional':
        written += renderMessageText(piece, values) ?? '';
        break;
    }
  }
  return written;
}

function mistake(message: string, hint: string, from: number, to: number): { mistake: TextMistake } {
  return { mistake: { message, hint, from, to } };
}
