import { readAnswer } from './answer.js';
import { known } from './outcome.js';
import type { Found, None } from './outcome.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';

/** What a provider knows without asking its backend; `undefined` if it must ask. Never throws. */
export function recall(
  provider: VipLookupProvider,
  caller: Caller,
  country: string | undefined,
): Found | None | undefined {
  if (provider.recall === undefined) return undefined;
  try {
    const answer = provider.recall(caller.seenFrom(country));
    return answer === undefined ? undefined : known(readAnswer(answer), 'copy');
  } catch {
    return undefined; // `lookup` is called, and its failure is reported.
  }
}
