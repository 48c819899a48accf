import type { SourceText } from '@tillwatch/model';

/** Where a node stands; columns of messages count from here. */
interface Placed {
  readonly from: number;
  readonly to: number;
}

/** A list of nodes that are carried out in order. */
export type Block = readonly Node[];

interface Control<K extends string> extends Placed {
  readonly kind: K;
  readonly pipe: Pipe;
  readonly body: Block;
  readonly orElse: Block;
}

export type Node =
  | (Placed & { readonly kind: 'text'; readonly text: string })
  | (Placed & { readonly kind: 'action'; readonly pipe: Pipe })
  | Control<'if'>
  | Control<'with'>
  | Control<'range'>
  | (Placed & {
      readonly kind: 'template';
      readonly name: string;
      readonly quoted: string;
      readonly pipe: Pipe | undefined;
    })
  | (Placed & { readonly kind: 'break' | 'continue' });

/** Commands whose results feed the next one, with the variables that take the last result. */
export interface Pipe extends Placed {
  readonly kind: 'pipe';
  readonly variables: readonly string[];
  /** `=` sets variables that exist, `:=` makes them. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
}

export interface Command extends Placed {
  readonly kind: 'command';
  readonly args: readonly Operand[];
}

export type Operand =
  | Pipe
  | (Placed & { readonly kind: 'dot' | 'nil' })
  | (Placed & { readonly kind: 'bool'; readonly value: boolean })
  | (Placed & { readonly kind: 'number'; readonly text: string; readonly value: bigint | number })
  | (Placed & { readonly kind: 'string'; readonly quoted: string; readonly value: string })
  | (Placed & { readonly kind: 'function'; readonly name: string })
  | (Placed & { readonly kind: 'field'; readonly names: readonly string[] })
  | (Placed & { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] })
  | (Placed & { readonly kind: 'chain'; readonly of: Operand; readonly fields: readonly string[] });

/** A template that can be run by its name. */
export interface Template {
  readonly name: string;
  readonly source: SourceText;
  readonly body: Block;
}

/** Does a template consist of white space only? Such a one never replaces another. */
export function isEmpty(body: Block): boolean {
  return body.every((node) => node.kind === 'text' && node.text.trim() === '');
}

/** Every call of a named template in a block, at any depth. */
export function templateCalls(block: Block): (Node & { readonly kind: 'template' })[] {
  return block.flatMap((node) => {
    if (node.kind === 'template') return [node];
    return 'body' in node ? [...templateCalls(node.body), ...templateCalls(node.orElse)] : [];
  });
}

/** Writes a node in the template language, for messages. */
export function printNode(node: Operand | Command | Node): string {
  switch (node.kind) {
    case 'pipe': {
      const sign = node.isAssignment ? '=' : ':=';
      const declared = node.variables.length === 0 ? '' : `${node.variables.join(', ')} ${sign} `;
      return declared + node.commands.map(printNode).join(' | ');
    }
    case 'command':
      return node.args.map((arg) => (arg.kind === 'pipe' ? `(${printNode(arg)})` : printNode(arg))).join(' ');
    case 'dot':
      return '.';
    case 'bool':
      return String(node.value);
    case 'number':
    case 'text':
      return node.text;
    case 'string':
      return node.quoted;
    case 'function':
      return node.name;
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return [node.name, ...node.fields].join('.');
    case 'chain': {
      const inner = printNode(node.of);
      return [node.of.kind === 'pipe' ? `(${inner})` : inner, ...node.fields].join('.');
    }
    case 'action':
      return `{{${printNode(node.pipe)}}}`;
    case 'template':
      return `{{template ${node.quoted}${node.pipe === undefined ? '' : ` ${printNode(node.pipe)}`}}}`;
    case 'if':
    case 'with':
    case 'range':
      return `{{${node.kind} ${printNode(node.pipe)}}}`;
    default:
      return node.kind;
  }
}
