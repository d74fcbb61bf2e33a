import type { VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';

/**
 * What aborts a lookup. Each lookup has a signal of its own, since a provider may keep it and listen to it for as long as it likes.
 * Making one costs more than all the rest of a lookup from memory, so one that no provider can have seen is used again.
 */
export class UnseenAborts {
  #unseen: AbortController | undefined;

  take(): AbortController {
    const abort = this.#unseen ?? new AbortController();
    this.#unseen = undefined;
    return abort;
  }

  /** To be called when the provider has answered at once. The caller is all that a `lookup` with one parameter looks at. */
  giveBack(abort: AbortController, provider: VipLookupProvider): void {
    if (provider.lookup.length === 1) this.#unseen = abort;
  }
}
