import { Injectable } from '@nestjs/common';
import { askInOrder } from './decision-clock.js';
import type { ClockSettings } from './decision-clock.js';
import type { LookupResult } from './outcome.js';
import type { Caller } from '../plugin-api/caller.js';
import { recordApplies } from '../plugin-api/vip-record.js';
import { ProviderRegistry } from './provider-registry.js';

/** Who is asked about the callers of a target, and for how long. */
export interface LookupPlan {
  /** Names of providers, in order of precedence. */
  readonly providers: readonly string[];
  /** For the whole decision. */
  readonly deadlineMs: number;
  /** How long a provider may be busy before the next one is asked as well. */
  readonly staggerMs: number;
}

/** Finds a caller's record with the providers of one target. */
@Injectable()
export class LookupService {
  constructor(private readonly registry: ProviderRegistry) {}

  /**
   * @param targetid as the call gave it; decides which records apply
   * @param spentMs how much of the target's deadline is gone already
   * @param trace gets a part for each provider that is asked
   * @returns the result itself when all providers that had to be asked answered at once
   */
  find(
    caller: Caller,
    target: LookupPlan,
    targetid: string | undefined,
    spentMs: number,
    trace?: ClockSettings['trace'],
  ): LookupResult | Promise<LookupResult> {
    const providers = target.providers.map((name) => this.registry.get(name));
    const nowMs = Date.now();
    return askInOrder(providers, caller, {
      staggerMs: target.staggerMs,
      deadlineMs: target.deadlineMs - spentMs,
      pick: (records) => records.find((record) => recordApplies(record, targetid, nowMs)),
      trace,
    });
  }
}
