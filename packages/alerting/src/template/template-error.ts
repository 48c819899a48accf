import { type Problem, positionAt, type SourceText, spanOf } from '@tillwatch/model';

/**
 * A template that cannot be read, or that failed while it was expanded. The message has Go's form
 * (`template: rules.yml:1:3: executing "x" at <.Foo>: …`, columns counted from 0), the problem has ours.
 */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly stage: 'parse' | 'execute';
  readonly problem: Problem;

  constructor(
    stage: TemplateError['stage'],
    source: SourceText,
    from: number,
    to: number,
    message: string,
    options?: ErrorOptions & { readonly hint?: string | undefined },
  ) {
    const { line, column } = positionAt(source.text, from);
    // Go knows the column only once a template is executed.
    const place = stage === 'parse' ? `${line}` : `${line}:${column - 1}`;
    super(`template: ${source.file}:${place}: ${message}`, options);
    this.stage = stage;
    this.problem = {
      code: stage === 'parse' ? 'template-syntax' : 'template-execution',
      severity: 'error',
      message,
      hint: options?.hint,
      at: spanOf(source, from, to),
    };
  }
}
