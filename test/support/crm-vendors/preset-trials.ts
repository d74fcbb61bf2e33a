import type { VipRecord } from '../../../src/plugin-api/index.js';
import { crmProvider, lookUp, QUICK } from '../crm-provider.js';
import type { VendorCloud } from './vendor-cloud.js';

/** Who is calling. */
export type Call = (anum: string) => Promise<Pick<VipRecord, 'tier' | 'name'> | 'nobody' | 'failed'>;

/** Providers and vendors of one test, stopped together. */
export class PresetTrials {
  readonly #stops: (() => Promise<void>)[] = [];

  /** The vendor's address. */
  playing(cloud: VendorCloud): string {
    this.#stops.push(() => cloud.stop());
    return cloud.url;
  }

  /**
   * A provider with a preset; its pauses do not end.
   * @param yaml its keys below `kind`
   */
  provider(yaml: Record<string, unknown>, country = 'FI'): Call {
    const provider = crmProvider({ rateLimit: '1000/s', ...yaml }, country, { ...QUICK, now: () => 0 });
    this.#stops.push(() => provider.close());
    return async (anum) => {
      try {
        const [best] = (await lookUp(provider, anum, { country })) ?? [];
        return best === undefined ? 'nobody' : { tier: best.tier, name: best.name };
      } catch (error) {
        if (/^VipLookup(?:Busy)?Error$/.test((error as Error).name)) return 'failed';
        throw error;
      }
    };
  }

  async stop(): Promise<void> {
    while (this.#stops.length > 0) await this.#stops.pop()!();
  }
}
