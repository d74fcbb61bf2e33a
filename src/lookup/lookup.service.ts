import { Injectable } from '@nestjs/common';
import { askInOrder } from './decision-clock.js';
import type { ClockSettings } from './decision-clock.js';
import type { LookupResult } from './outcome.js';
import type { Caller } from '../plugin-api/caller.js';
import { recordApplies } from '../plugin-api/vip-record.js';
import { ProviderRegistry } from './provider-registry.js';

/** Which providers are asked about the callers of a target, and for how long. */
export interface LookupPlan {
  /** Names of providers, in order of precedence. */
  readonly providers: readonly string[];
  /** For the whole decision. */
  readonly deadlineMs: number;
  /** How long a provider may be busy before the next one is asked as well. */
  readonly staggerMs: number;
}

/** A request for a caller's record. */
export interface Search {
  readonly caller: Caller;
  readonly plan: LookupPlan;
  /** The configuration that admitted the call. */
  readonly config: object;
  /** As the call gave it; decides which records apply. */
  readonly targetid: string | undefined;
  /** How much of the deadline has already passed. */
  readonly spentMs: number;
  /** Gets a span for each provider that is asked. */
  readonly trace: ClockSettings['trace'];
}

/** Finds a caller's record by asking the providers of one target. */
@Injectable()
export class LookupService {
  constructor(private readonly registry: ProviderRegistry) {}

  /** @returns the result itself if all providers that had to be asked answered at once */
  find({ caller, plan, config, targetid, spentMs, trace }: Search): LookupResult | Promise<LookupResult> {
    const providers = plan.providers.map((name) => this.registry.get(name, config));
    const nowMs = Date.now();
    return askInOrder(providers, caller, {
      staggerMs: plan.staggerMs,
      deadlineMs: plan.deadlineMs - spentMs,
      pick: (records) => records.find((record) => recordApplies(record, targetid, nowMs)),
      trace,
    });
  }
}
