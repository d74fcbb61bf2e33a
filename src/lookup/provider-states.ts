import type { ProviderState } from '../plugin-api/provider-state.js';

/** Nest token of the place where providers store data that survives restarts. */
export const PROVIDER_STATES = Symbol.for('smartrouting-vip.provider-states');

export interface ProviderStates {
  /** @param provider the name under `providers:` */
  of(provider: string): ProviderState;
  /** Called once, when no provider is working any more. */
  close(): Promise<void>;
}
