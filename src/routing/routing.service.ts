import { Injectable } from '@nestjs/common';
import { decidedBy } from './targets.config.js';
import type { TargetConfig, TargetsConfig } from './targets.config.js';
import type { Derived } from '../config/live-config.js';
import { LiveConfig } from '../config/live-config.js';
import { askInOrder } from '../lookup/decision-clock.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import type { CallTrace } from '../observability/tracer.js';
import { Caller } from '../plugin-api/caller.js';
import { isWithheldNumber } from '../plugin-api/phone-number.js';
import { recordApplies } from '../plugin-api/vip-record.js';
import type { VipRecord } from '../plugin-api/vip-record.js';
import { UNKNOWN_TARGET } from '../observability/metrics.service.js';
import type { JsonObject } from '../common/json.js';
import type { Call, Decision } from './decision.js';
import { CompiledInstructions } from './instructions.js';
import type { InstructionScope, RenderedInstructions } from './instructions.js';
import { Route } from './route.js';

interface Target {
  readonly config: TargetConfig;
  /** How national numbers in its calls are read. */
  readonly country: string | undefined;
  readonly routes: readonly Route[];
}

export interface Question {
  readonly call: Call;
  /** The configuration that admitted it. */
  readonly config: TargetsConfig;
  /** `performance.now()` when it arrived; the target's deadline counts from then. */
  readonly startedMs: number;
  readonly trace?: CallTrace | undefined;
}

/** Decides about calls: target -> caller number -> providers -> record -> route -> instructions. */
@Injectable()
export class RoutingService {
  readonly #targets: Derived<TargetsConfig, ReadonlyMap<string, Target>>;
  readonly #ownInstructions = new WeakMap<object, CompiledInstructions>();

  constructor(
    live: LiveConfig<TargetsConfig>,
    private readonly providers: ProviderRegistry,
  ) {
    this.#targets = live.derive(({ targets, country }) => ({ targets, country }), compile);
  }

  /** @returns always a decision; a provider's failure is a reason, not an exception */
  async decide({ call, config, startedMs, trace }: Question): Promise<Decision> {
    const target = this.#target(call.targetid, config);
    const isWithheld = call.anum === undefined || isWithheldNumber(call.anum);
    const caller = isWithheld ? undefined : Caller.read(call.anum, target?.country);
    if (target === undefined)
      return { reason: 'unknown-target', target: UNKNOWN_TARGET, caller, reports: [] };
    const { name, staggerMs } = target.config;
    if (caller === undefined) return { reason: 'no-number', target: name, reports: [] };
    const deadlineMs = target.config.deadlineMs - (performance.now() - startedMs);
    const providers = target.config.providers.map((one) => this.providers.get(one, config));
    const nowMs = Date.now();
    const pick = (records: readonly VipRecord[]): VipRecord | undefined =>
      records.find((one) => recordApplies(one, call.targetid, nowMs));
    const found = askInOrder(providers, caller, { staggerMs, deadlineMs, pick, trace });
    const { reason, record, provider, reports } = await found;
    if (record === undefined) return { reason, target: name, caller, reports };
    const route = target.routes.find((candidate) => candidate.fits(record.tier, call.extradata));
    if (route === undefined) return { reason: 'no-route', target: name, caller, record, provider, reports };
    const { values, json, dropped } = this.#instructions(route, record, call);
    const isEmpty = Object.keys(values).length === 0;
    return {
      reason: isEmpty ? 'no-route' : 'matched',
      instructions: isEmpty ? undefined : values,
      json: isEmpty ? undefined : (json ?? JSON.stringify(values)),
      target: name,
      caller,
      record,
      provider,
      route: route.index,
      dropped: dropped.length > 0 ? dropped : undefined,
      reports,
    };
  }

  #target(targetid: string | undefined, config: TargetsConfig): Target | undefined {
    const targets = this.#targets.of(config);
    return targets.get(decidedBy(targetid, targets));
  }

  #instructions(route: Route, record: VipRecord, call: Call): RenderedInstructions {
    const { constant } = route.instructions;
    if (constant !== undefined && record.instructions === undefined) return constant;
    const scope = scopeOf(record, call);
    const instructions = route.instructions.render(scope);
    return record.instructions === undefined
      ? instructions
      : this.#own(record.instructions).render(scope, instructions);
  }

  #own(instructions: Readonly<JsonObject>): CompiledInstructions {
    let compiled = this.#ownInstructions.get(instructions);
    if (compiled === undefined) {
      compiled = new CompiledInstructions(instructions);
      this.#ownInstructions.set(instructions, compiled);
    }
    return compiled;
  }
}

function compile({ targets, country }: TargetsConfig): Map<string, Target> {
  return new Map(
    [...targets].map(([name, config]) => [
      name,
      {
        config,
        country: config.country ?? country,
        routes: config.routes.map((route, index) => new Route(route, index)),
      },
    ]),
  );
}

function scopeOf(record: VipRecord, call: Call): InstructionScope {
  return {
    ...(record.name !== undefined && { name: record.name }),
    tier: record.tier,
    attributes: record.attributes ?? {},
    call: {
      anum: call.anum ?? '',
      bnum: call.bnum ?? '',
      targetid: call.targetid ?? '',
      extradata: call.extradata,
    },
  };
}
