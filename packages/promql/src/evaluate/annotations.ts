import { positionAt, type Span } from '@tillwatch/model';

/** Something worth knowing about an answer: a warning (it may be wrong) or an info (it may not be what was meant). */
export interface Annotation {
  readonly severity: 'warning' | 'info';
  /** Prometheus's text, with line and column of what it is about: `PromQL info: … (1:6)`. */
  readonly message: string;
  readonly at: Span;
}

/** Collects annotations, each once, in the order of their first appearance. */
export class Annotations {
  readonly #all = new Map<string, Annotation>();

  warn(text: string, at: Span): void {
    this.#add('warning', text, at);
  }

  info(text: string, at: Span): void {
    this.#add('info', text, at);
  }

  list(): Annotation[] {
    return [...this.#all.values()];
  }

  #add(severity: 'warning' | 'info', text: string, at: Span): void {
    const { line, column } = positionAt(at.text, at.from);
    const message = `PromQL ${severity}: ${text} (${line}:${column})`;
    if (!this.#all.has(message)) this.#all.set(message, { severity, message, at });
  }
}

/** Names the metric at the end of an annotation, when it has a name. */
export function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${JSON.stringify(name)}`;
}
