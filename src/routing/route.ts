import type { RouteConfig } from './targets.config.js';
import type { JsonObject } from '../common/json.js';
import { sameTier } from '../plugin-api/vip-record.js';
import { CompiledInstructions } from './instructions.js';

/** A route of a target, ready to be matched and rendered. */
export class Route {
  readonly instructions: CompiledInstructions;
  readonly #tiers: ReadonlySet<string> | undefined;
  readonly #when: RouteConfig['when'];

  constructor(
    config: RouteConfig,
    /** Position in the configuration, 0 = first; for logs and explanations. */
    readonly index: number,
  ) {
    this.instructions = new CompiledInstructions(config.instructions);
    this.#tiers = config.tiers && new Set(config.tiers.map(sameTier));
    this.#when = config.when;
  }

  /** Values of extradata are compared as text, so `when: { Level: 1 }` matches both `1` and `"1"`. */
  fits(tier: string, extradata: Readonly<JsonObject>): boolean {
    if (this.#tiers !== undefined && !this.#tiers.has(sameTier(tier))) return false;
    for (const [key, wanted] of this.#when) {
      const value = Object.hasOwn(extradata, key) ? extradata[key] : undefined;
      if (
        value === null ||
        typeof value === 'object' ||
        value === undefined ||
        !wanted.includes(String(value))
      )
        return false;
    }
    return true;
  }
}
