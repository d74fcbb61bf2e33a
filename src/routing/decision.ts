import type { JsonObject } from '../common/json.js';
import type { ProviderReport } from '../lookup/outcome.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipRecord } from '../plugin-api/vip-record.js';

/** The values of `X-SmartRouting-Reason` and of the metric label `reason`. */
export const REASONS = [
  'matched',
  'no-match',
  'no-route',
  'no-number',
  'unknown-target',
  'lookup-failed',
  'timeout',
  'overloaded',
  'invalid-request',
] as const;
export type Reason = (typeof REASONS)[number];

/** One incoming call, with `null` and empty text already treated as absent. */
export interface Call {
  readonly anum: string | undefined;
  readonly bnum: string | undefined;
  readonly targetid: string | undefined;
  readonly extradata: Readonly<JsonObject>;
}

export interface Decision {
  readonly reason: Reason;
  /** Present with reason `matched` only, never empty. */
  readonly instructions?: Readonly<JsonObject> | undefined;
  readonly json?: string | undefined;
  /** Name of the target that decided; `unknown` if there is none. */
  readonly target: string;
  readonly caller?: Caller | undefined;
  readonly record?: VipRecord | undefined;
  /** Name of the provider whose record was used. */
  readonly provider?: string | undefined;
  /** Position of the route that matched, 0 = first. */
  readonly route?: number | undefined;
  /** Instructions that were left out because a template or type was wrong. */
  readonly dropped?: readonly string[] | undefined;
  readonly reports: readonly ProviderReport[];
}
