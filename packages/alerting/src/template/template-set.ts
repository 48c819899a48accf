import { closest, type Problem, type SourceText, spanOf } from '@tillwatch/model';
import { builtins } from './builtins.ts';
import { Executor, type Limits } from './executor.ts';
import type { FunctionSet } from './function.ts';
import { HtmlWriter, TextWriter } from './html-writer.ts';
import { isEmpty, type Template, templateCalls } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import type { Value } from './value.ts';

/** Named templates with the functions they may call. */
export interface TemplateSet {
  readonly templates: ReadonlyMap<string, Template>;
  readonly functions: FunctionSet;
}

/** How an expansion goes about it. */
export interface ExecuteOptions {
  /** Escape each value for the place it stands in. Default false. */
  readonly html?: boolean;
  /** What a missing key of a map is: no value (printed `<no value>`, the default), or an error. */
  readonly missingKey?: 'no-value' | 'error';
  /** What the text finds defined beside `$`, by names such as `$labels`. Named templates do not see them. */
  readonly variables?: Readonly<Record<string, Value>>;
  readonly limits?: Partial<Limits>;
}

/** Text of at most 1 MiB, a few million steps, templates 200 deep: far beyond any message, far below harm. */
const DEFAULT_LIMITS: Limits = { outputLength: 1 << 20, steps: 1_000_000, depth: 200 };

/**
 * Reads named templates (`{{ define "…" }}`) from several texts; each text is also a template by its file name. A later
 * definition replaces an earlier one of the same name. Every problem is reported; what could be read is in `templates`.
 */
export function parseTemplates(
  sources: readonly SourceText[],
  functions: FunctionSet,
): { templates: TemplateSet; problems: Problem[] } {
  const all = { ...builtins, ...functions };
  const templates = new Map<string, Template>();
  const problems: Problem[] = [];
  for (const source of sources) {
    const parsed = parseTemplate(source, all);
    problems.push(...parsed.errors.map((error) => error.problem));
    if (parsed.errors.length > 0) continue;
    for (const template of [parsed.main, ...parsed.defined.values()]) {
      if (!templates.has(template.name) || !isEmpty(template.body)) templates.set(template.name, template);
    }
  }
  return { templates: { templates, functions: all }, problems };
}

/** Finds what is wrong in a text without running it: syntax, unknown functions, variables and templates. */
export function checkText(set: TemplateSet, source: SourceText, variables: readonly string[] = []): Problem[] {
  const parsed = parseTemplate(source, set.functions, variables);
  if (parsed.errors.length > 0) return parsed.errors.map((error) => error.problem);
  const known = [...set.templates.keys(), ...parsed.defined.keys()];
  return [parsed.main, ...parsed.defined.values()]
    .flatMap((template) => templateCalls(template.body))
    .filter((call) => !known.includes(call.name))
    .map((call) => {
      const near = closest(call.name, known);
      return {
        code: 'template-undefined',
        severity: 'error',
        message: `template ${JSON.stringify(call.name)} not defined`,
        hint: near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
        at: spanOf(source, call.from, call.to),
      };
    });
}

/**
 * Expands a text over data, with the named templates of the set at hand.
 * @throws {TemplateError} when the text cannot be read, or at the first failure while it is expanded.
 */
export function execute(set: TemplateSet, source: SourceText, data: Value, options: ExecuteOptions = {}): string {
  return prepare(set, source, Object.keys(options.variables ?? {})).execute(data, options);
}

/** A text that was read once, to be expanded often. */
export interface PreparedTemplate {
  /** Expands it; `variables` are those it was prepared for. @throws {TemplateError} at the first failure. */
  execute(data: Value, options?: ExecuteOptions): string;
}

/** Reads a text in which `variables` are defined. @throws {TemplateError} when it cannot be read. */
export function prepare(set: TemplateSet, source: SourceText, variables: readonly string[] = []): PreparedTemplate {
  const parsed = parseTemplate(source, set.functions, variables);
  const error = parsed.errors[0];
  if (error !== undefined) throw error;
  const templates = parsed.defined.size === 0 ? set.templates : new Map([...set.templates, ...parsed.defined]);
  return {
    execute(data, options = {}) {
      const executor = new Executor({
        templates,
        functions: set.functions,
        newWriter: () => (options.html === true ? new HtmlWriter() : new TextWriter()),
        html: options.html === true,
        missingKey: options.missingKey ?? 'no-value',
        limits: { ...DEFAULT_LIMITS, ...options.limits },
        root: data,
        variables: options.variables ?? {},
      });
      return executor.runMain(parsed.main);
    },
  };
}
