import type { Permit } from './circuit-breaker.js';

/** One request to the provider. */
export interface Attempt {
  /** Number that was asked for. */
  readonly key: string;
  readonly permit: Permit;
  /** For its turn, so the provider had but a part of the time. */
  readonly hasWaited: boolean;
  readonly startedMs: number;
}
