import { InputError } from '../input-error.ts';

/** One row, with the line on which it begins, counted from 1. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

/** A row longer than this is a quote that was never closed. */
const LONGEST_ROW = 1 << 20;

/**
 * Reads comma-separated values (RFC 4180) as they come: fields in quotes may hold separators, line breaks and doubled quotes.
 * The separator is the one of comma, semicolon, tab and bar that is most frequent in the first row. Empty rows are left out.
 * @throws {InputError} for a quote that is not closed
 */
export async function* csvRows(chunks: AsyncIterable<string>, file: string): AsyncGenerator<CsvRow> {
  let rest = '';
  let line = 1;
  let isBegun = false;
  let separator: string | undefined;
  for await (const chunk of chunks) {
    rest += isBegun ? chunk : chunk.replace(/^\ufeff/, '');
    isBegun ||= chunk !== '';
    for (;;) {
      const end = rowEnd(rest);
      if (end === -1) break;
      const text = rest.slice(0, end).replace(/\r$/, '');
      rest = rest.slice(end + 1);
      separator ??= separatorOf(text);
      if (text.trim() !== '') yield { line, fields: fieldsOf(text, separator) };
      line += 1 + countBreaks(text);
    }
    if (rest.length > LONGEST_ROW) throw unclosed(file, line);
  }
  if (rest.trim() === '') return;
  if (quotesIn(rest) % 2 === 1) throw unclosed(file, line);
  yield { line, fields: fieldsOf(rest.replace(/\r$/, ''), separator ?? separatorOf(rest)) };
}

function unclosed(file: string, line: number): InputError {
  return new InputError(
    { file, line },
    'a quote in this row is never closed',
    'a quote inside a field is written twice: ""',
  );
}

/** The place of the line break that ends the first row; -1 when it is not there yet. */
function rowEnd(text: string): number {
  let isQuoted = false;
  for (let i = 0; ; i++) {
    const quote = text.indexOf('"', i);
    if (!isQuoted) {
      const end = text.indexOf('\n', i);
      if (end === -1) return -1;
      if (quote === -1 || end < quote) return end;
    } else if (quote === -1) return -1;
    isQuoted = !isQuoted;
    i = quote;
  }
}

function separatorOf(firstRow: string): string {
  const counts = [',', ';', '\t', '|'].map((one) => [one, firstRow.split(one).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

function fieldsOf(row: string, separator: string): string[] {
  if (!row.includes('"')) return row.split(separator);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = '';
    if (row[at] === '"') {
      let end = row.indexOf('"', at + 1);
      while (end !== -1 && row[end + 1] === '"') end = row.indexOf('"', end + 2);
      field = row.slice(at + 1, end === -1 ? row.length : end).replaceAll('""', '"');
      at = end === -1 ? row.length : end + 1;
    }
    const next = row.indexOf(separator, at);
    fields.push(field + row.slice(at, next === -1 ? row.length : next));
    if (next === -1) return fields;
    at = next + 1;
  }
}

function countBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

function quotesIn(text: string): number {
  return text.split('"').length - 1;
}
