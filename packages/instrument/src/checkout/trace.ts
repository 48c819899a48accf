const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
const TRACE_ID = /^[0-9a-f]{32}$/;
const NO_TRACE = '0'.repeat(32);

/** The trace id in a W3C `traceparent` header; `undefined` if the header is absent, malformed or all zeros. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return valid(TRACEPARENT.exec(traceparent ?? '')?.[1]);
}

/** A trace id as a tracer gives it, if it is one. */
export function checkedTraceId(id: string | undefined): string | undefined {
  const lower = typeof id === 'string' ? id.toLowerCase() : '';
  return valid(TRACE_ID.test(lower) ? lower : undefined);
}

function valid(id: string | undefined): string | undefined {
  return id === NO_TRACE ? undefined : id;
}
