import type { VipLookupProvider } from '../vip-lookup-provider.js';
import type { VipRecord } from '../vip-record.js';

/**
 * A provider made by the harness, not yet opened, and the backend behind it.
 * @since 0.1.0
 */
export interface ProviderUnderTest {
  readonly provider: VipLookupProvider;
  /**
   * Stops the backend that the harness started and removes its data. Called once: after the provider was closed, or while
   * it is in use, to see what it makes of that.
   */
  stop(): Promise<void>;
}

/**
 * A provider whose backend holds one VIP.
 * @since 0.1.0
 */
export interface ProviderWithVip extends ProviderUnderTest {
  /** E.164 number of the VIP, and what the lookup must at least say of it. */
  readonly known: { readonly number: string; readonly record: Partial<VipRecord> };
  /** E.164 number of somebody else. */
  readonly unknown: string;
}

/**
 * How the contract test gets hold of a provider with its backend in a certain state. Each call makes a new provider and a
 * backend (or data) of its own; several may be in use at a time.
 * @since 0.1.0
 */
export interface ProviderHarness {
  /** ISO 3166-1 alpha-2 country of the provider's data; `FI` unless given. */
  readonly country?: string;
  /** How long the contract waits for what must end soon, milliseconds; 4000 unless given. */
  readonly patienceMs?: number;
  /** Backend up, holding one VIP. */
  start(): Promise<ProviderWithVip>;
  /** Backend down from the start: connection refused, file missing. */
  startDown(): Promise<ProviderUnderTest>;
  /**
   * Backend that is there and cannot give an answer: HTTP 500, an HTML page, a table without its column, a file of
   * something else. Leave out only where no such thing exists, and say why in `cannotBeBroken`.
   */
  startBroken?(): Promise<ProviderUnderTest>;
  readonly cannotBeBroken?: string;
  /**
   * Backend that takes a question and does not answer until `stop`. Leave out only where nothing can be waited for (data
   * held in memory), and say why in `cannotBeHeld`.
   */
  startHeld?(): Promise<ProviderUnderTest>;
  readonly cannotBeHeld?: string;
}

/**
 * What is used of the test runner: Jest, Vitest, Mocha and `node:test` have it.
 * @since 0.1.0
 */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}
