import type { VipLookupProvider } from '../vip-lookup-provider.js';
import { startFaultProxy } from './fault-proxy.js';
import type { Fault } from './fault-proxy.js';
import type { ProviderHarness, ProviderUnderTest, ProviderWithVip } from './harness.js';

/**
 * A provider that asks a backend over TCP, and the backend's data.
 * @since 0.1.0
 */
export interface NetworkProvider
  extends Pick<ProviderHarness, 'country' | 'patienceMs'>, Pick<ProviderWithVip, 'known' | 'unknown'> {
  /** Starts the backend, which knows the VIP. */
  backend(): Promise<{ readonly port: number; readonly host?: string; stop(): Promise<void> }>;
  /** Creates a provider, not opened, whose backend is at 127.0.0.1 and this port. */
  provider(port: number): VipLookupProvider;
}

/**
 * The harness of a provider that asks a backend over TCP. A fault proxy simulates a backend that is down, one that
 * holds its answer and one that breaks it off.
 *
 * Other failures are possible: write your own `startBroken` if the backend can report an error, as HTTP can with a
 * status: `{ ...throughFaultProxy(…), startBroken() { … } }`.
 * @since 0.1.0
 */
export function throughFaultProxy(subject: NetworkProvider): ProviderHarness {
  const { known, unknown } = subject;
  const start = async (fault: Fault): Promise<ProviderUnderTest> => {
    const backend = await subject.backend();
    const proxy = await startFaultProxy(backend, fault);
    return {
      provider: subject.provider(proxy.port),
      async stop() {
        await proxy.stop();
        await backend.stop();
      },
    };
  };
  return {
    ...subject, // country and patienceMs, where they are given
    start: async () => ({ ...(await start('none')), known, unknown }),
    startDown: () => start('refuse'),
    startBroken: () => start({ truncateAfter: 1 }),
    startHeld: () => start('hang'),
  };
}
