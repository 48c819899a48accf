import { Document, isMap, isPair, isScalar, isSeq, parse, Scalar, visit } from 'yaml';

/** How a file is written. */
export interface WriteOptions {
  /** A comment for the top of the file, without `#`. */
  readonly header?: string;
  /**
   * Write secrets in plain sight. Without it a secret is refused with `SecretInFileError`: name the file that holds it
   * instead (`apiUrlFile` and the like).
   */
  readonly revealSecrets?: boolean;
}

/** A value that can be written: what is `undefined` is left out. */
export type YamlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/** Longer texts on one line are folded. */
const LINE_WIDTH = 100;

/**
 * Writes a map as YAML that YAML 1.1 and 1.2 read alike, keys in the given order, texts with line ends as blocks, an empty
 * line before every section and before every larger item of a section.
 */
export function yamlText(content: { readonly [key: string]: YamlValue }, options: WriteOptions): string {
  const plain = withoutNothing(content);
  const folded = stringified(plain, LINE_WIDTH);
  // Folding can change a text that looks like other YAML at a line's start; long lines are the lesser evil.
  const body = same(parse(folded, { version: '1.1' }), plain) ? folded : stringified(plain, 0);
  if (options.header === undefined) return body;
  const comment = options.header.split('\n').map((line) => `# ${line}`.trimEnd());
  return `${comment.join('\n')}\n\n${body}`;
}

function stringified(plain: unknown, lineWidth: number): string {
  const document = new Document(plain, { version: '1.1', aliasDuplicateObjects: false, merge: false });
  visit(document, {
    Scalar(key, node) {
      if (key !== 'key' && typeof node.value === 'string') chooseStyle(node);
    },
  });
  spaceSections(document);
  return document.toString({ lineWidth, minContentWidth: 40, directives: false });
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function chooseStyle(node: Scalar): void {
  const text = node.value as string;
  // A block cannot show a carriage return, or tell a tab at the start of a line from indentation.
  if (/[\r\u0085\u2028\u2029]|^[ \t]|\n[ \t]*\t/.test(text)) node.type = Scalar.QUOTE_DOUBLE;
  else if (text.includes('\n')) node.type = Scalar.BLOCK_LITERAL;
  else if (text.length > LINE_WIDTH && text.includes(' ')) node.type = Scalar.BLOCK_FOLDED;
}

function spaceSections(document: Document): void {
  const { contents } = document;
  if (!isMap(contents)) return;
  contents.items.forEach((section, i) => {
    if (i > 0 && isScalar(section.key)) section.key.spaceBefore = true;
    const items = isPair(section) && isSeq(section.value) ? section.value.items : [];
    items.forEach((item, j) => {
      if (j > 0 && isMap(item)) item.spaceBefore = true;
    });
  });
}

function withoutNothing(value: YamlValue): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries.map(([name, inner]) => [name, withoutNothing(inner)]));
}
