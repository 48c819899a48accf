/**
 * An unquoted YAML scalar that reads as a number or a boolean, with the text it was written as. Prometheus takes `1.50` for
 * a text field as "1.50" and refuses `"1"` for a number: both need to know how the value was written.
 */
export class PlainScalar {
  readonly source: string;
  readonly value: number | boolean;

  constructor(source: string, value: number | boolean) {
    this.source = source;
    this.value = value;
  }
}
