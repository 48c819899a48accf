/** A time in RFC 3339; Go's zero time for "never". */
export function timeJson(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? '0001-01-01T00:00:00Z' : new Date(ms).toISOString();
}
