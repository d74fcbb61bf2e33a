import type { VipLookupProvider } from '../vip-lookup-provider.js';
import type { VipRecord } from '../vip-record.js';

/**
 * A provider that the harness created, not yet opened, and its backend.
 * @since 0.1.0
 */
export interface ProviderUnderTest {
  readonly provider: VipLookupProvider;
  /**
   * Stops the backend that the harness started and removes its data. Called once: after the provider was closed, or
   * while it is in use, to test how it reacts.
   */
  stop(): Promise<void>;
}

/**
 * A provider whose backend holds one VIP.
 * @since 0.1.0
 */
export interface ProviderWithVip extends ProviderUnderTest {
  /** E.164 number of the VIP, and the fields that the lookup must at least return. */
  readonly known: { readonly number: string; readonly record: Partial<VipRecord> };
  /** E.164 number of somebody else. */
  readonly unknown: string;
}

/**
 * How the contract test obtains a provider with its backend in a certain state. Each call creates a new provider with
 * its own backend (or data); several may be in use at a time.
 * @since 0.1.0
 */
export interface ProviderHarness {
  /** ISO 3166-1 alpha-2 country of the provider's data; `FI` by default. */
  readonly country?: string;
  /** How long the contract waits for something that must end soon, milliseconds; 4000 by default. */
  readonly patienceMs?: number;
  /** Backend up, holding one VIP. */
  start(): Promise<ProviderWithVip>;
  /** Backend down from the start: connection refused, file missing. */
  startDown(): Promise<ProviderUnderTest>;
  /**
   * Backend that is reachable but cannot give an answer: HTTP 500, an HTML page, a table without its column, a file
   * of another type. Omit it only if there is no such state, and say why in `cannotBeBroken`.
   */
  startBroken?(): Promise<ProviderUnderTest>;
  readonly cannotBeBroken?: string;
  /**
   * Backend that accepts a request and does not answer until `stop`. Omit it only if lookups never wait (data in
   * memory), and say why in `cannotBeHeld`.
   */
  startHeld?(): Promise<ProviderUnderTest>;
  readonly cannotBeHeld?: string;
}

/**
 * The part of the test runner that is used: Jest, Vitest, Mocha and `node:test` have it.
 * @since 0.1.0
 */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}
