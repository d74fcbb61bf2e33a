import { AsyncLocalStorage } from 'node:async_hooks';

export interface TracedLookup {
  readonly traceId: string;
  /** The headers that pass the trace on to the backend. */
  readonly headers: Readonly<Record<string, string>>;
  readonly hasEnded: boolean;
}

/** The lookup that the running code belongs to. Costs nothing until the first traced lookup. */
export const lookupContext = new AsyncLocalStorage<TracedLookup>();

/**
 * The fields that lead from a lookup's log lines to its call. Background work that continues after the lookup is not
 * part of it.
 */
export function traceFields(): { trace_id?: string } {
  const lookup = lookupContext.getStore();
  return lookup === undefined || lookup.hasEnded ? {} : { trace_id: lookup.traceId };
}
