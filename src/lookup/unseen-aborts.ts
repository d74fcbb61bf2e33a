import type { VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';

/**
 * The abort controllers of lookups. Each lookup has its own signal, because a provider may keep it and listen to it
 * for any length of time. Creating one costs more than all the rest of a lookup from memory, so one that no provider
 * can have seen is reused.
 */
export class UnseenAborts {
  #unseen: AbortController | undefined;

  take(): AbortController {
    const abort = this.#unseen ?? new AbortController();
    this.#unseen = undefined;
    return abort;
  }

  /** Call it when the provider has answered at once. A `lookup` with one parameter sees only the caller. */
  giveBack(abort: AbortController, provider: VipLookupProvider): void {
    if (provider.lookup.length === 1) this.#unseen = abort;
  }
}
