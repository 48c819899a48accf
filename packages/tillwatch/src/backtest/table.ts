/** Rows as columns of even width, two blanks apart and two from the left; the first row is the header. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  return rows
    .map((row) => {
      const cells = row.map((cell, i) => cell + ' '.repeat(widths[i]! - widthOf(cell)));
      return `  ${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

function widthOf(text: string): number {
  return [...text].length;
}
