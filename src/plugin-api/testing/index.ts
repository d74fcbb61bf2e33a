/**
 * The contract test of every VIP lookup provider, built-in or not, and helpers for tests of one. Works with any
 * runner that has `describe` and `it` (Jest, Vitest, Mocha, `node:test`); it asserts with `node:assert`.
 *
 * ```ts
 * describeVipLookupProvider('acme', {
 *   async start() { … return { provider, known: { number: '+358501231234', record: { tier: 'gold' } }, unknown: '+358509999999', stop }; },
 *   async startDown() { … },
 *   async startBroken() { … },
 *   async startHeld() { … },
 * });
 * ```
 */
export { describeVipLookupProvider } from './contract.js';
export { startFaultProxy, startHeldServer } from './fault-proxy.js';
export type { Fault, FaultProxy, HeldServer } from './fault-proxy.js';
export type { ProviderHarness, ProviderUnderTest, ProviderWithVip, TestRunner } from './harness.js';
export { MemoryState } from './memory-state.js';
export { providerContext } from './provider-context.js';
export { HOSTILE_TEXTS, NUMBER_SAMPLES } from './samples.js';
export type { NumberSample } from './samples.js';
export { throughFaultProxy } from './through-fault-proxy.js';
export type { NetworkProvider } from './through-fault-proxy.js';
