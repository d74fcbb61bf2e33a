import { KEY, RunningService } from '../service.js';
import type { VendorCloud } from './vendor-cloud.js';

/** The reason, and the instructions if there are any. */
export type Call = (anum: string) => Promise<unknown[]>;

/** Services and vendors of one test, stopped together. */
export class PresetTrials {
  readonly #started: { stop(): Promise<void> }[] = [];

  /** The vendor's address. */
  playing(cloud: VendorCloud): string {
    this.#started.push(cloud);
    return cloud.url;
  }

  /**
   * Starts the service with one provider.
   * @param provider its keys below `kind`
   */
  async service(provider: Record<string, unknown>, country = 'FI'): Promise<Call> {
    const running = await RunningService.start({
      'smartrouting.yaml': JSON.stringify({
        country,
        credentials: [{ id: 'core', apiKey: KEY }],
        logging: { level: 'silent' },
        providers: { crm: { kind: 'crm-http', rateLimit: '1000/s', ...provider } },
        targets: {
          default: {
            providers: ['crm'],
            routes: [{ instructions: { Tier: '{{ tier }}', Name: '{{ name }}' } }],
          },
        },
      }),
    });
    this.#started.push(running);
    return async (anum) => {
      const answer = await running.call({ anum, bnum: '+358911111' });
      return [answer.headers['x-smartrouting-reason'], ...(answer.status === 200 ? [answer.json] : [])];
    };
  }

  async stop(): Promise<void> {
    while (this.#started.length > 0) await this.#started.pop()!.stop();
  }
}
