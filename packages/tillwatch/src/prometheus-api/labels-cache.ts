import { Labels } from '@tillwatch/model';

/**
 * Remembers label sets of answers, for whoever asks for the same series again and again: a set, and its key, are then made once.
 * At most `mostSets` are kept; when there are more, it starts anew.
 */
export class LabelsCache {
  readonly #sets = new Map<string, Labels>();
  readonly #mostSets: number;

  constructor(mostSets: number) {
    this.#mostSets = mostSets;
  }

  /** The label set of a `metric` as it stands in an answer: the same object as long as it is remembered. */
  labelsOf(metric: Readonly<Record<string, string>>): Labels {
    let text = '';
    for (const name in metric) {
      const value = metric[name]!;
      // Lengths keep names and values apart whatever is in them.
      text += `${name.length},${value.length},${name}${value}`;
    }
    let labels = this.#sets.get(text);
    if (labels === undefined) {
      if (this.#sets.size >= this.#mostSets) this.#sets.clear();
      labels = Labels.of(metric);
      this.#sets.set(text, labels);
    }
    return labels;
  }
}
