import type { Permit } from './circuit-breaker.js';

/** One request to the provider. */
export interface Attempt {
  /** Number that was asked for. */
  readonly key: string;
  readonly permit: Permit;
  readonly startedMs: number;
}
