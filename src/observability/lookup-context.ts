import { AsyncLocalStorage } from 'node:async_hooks';

/** A lookup that is being traced. */
export interface TracedLookup {
  readonly traceId: string;
  /** The headers that pass the trace on to whoever the lookup asks. */
  readonly headers: Readonly<Record<string, string>>;
  readonly hasEnded: boolean;
}

/** The lookup that the running code works for. Costs nothing until the first traced lookup enters it. */
export const lookupContext = new AsyncLocalStorage<TracedLookup>();

/**
 * What log lines written on behalf of a lookup say of it, so that they can be found with its call. What goes on in the
 * background after the lookup that began it is not on its behalf.
 */
export function traceFields(): { trace_id?: string } {
  const lookup = lookupContext.getStore();
  return lookup === undefined || lookup.hasEnded ? {} : { trace_id: lookup.traceId };
}
