import { HostObject, mapEntries, SafeText, sliceItems, type Value } from './value.ts';

/** Writes a value as Go's `encoding/json` does, keys sorted, before its HTML escapes. @throws {Error} for NaN and infinities. */
export function toJson(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return 'null';
    case 'bigint':
      return String(value);
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new Error(`json: unsupported value: ${value}`);
      return JSON.stringify(value).replace(/e([+-])(\d)$/, 'e$10$2');
    default:
      return objectToJson(value);
  }
}

function objectToJson(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof SafeText) return JSON.stringify(value.text);
  if (value instanceof HostObject && value.parts.json !== undefined) return toJson(value.parts.json());
  if (value instanceof HostObject && value.parts.integer !== undefined) return String(value.parts.integer);
  const items = sliceItems(value);
  if (items !== undefined) return `[${items.map(toJson).join(',')}]`;
  const entries = mapEntries(value) ?? Object.entries(value instanceof HostObject ? (value.parts.fields ?? {}) : {});
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${toJson(inner)}`).join(',')}}`;
}
