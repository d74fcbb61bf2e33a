import { isDeepStrictEqual } from 'node:util';
import type { ProviderConfig } from './providers.config.js';

/** A checked options object may hold what cannot be compared, a function; what it was made of can. */
export const comparable = (provider: ProviderConfig): object => ({ ...provider, options: undefined });

/** Whether two entries under `providers:` ask for the same provider. */
export function isSameProvider(one: ProviderConfig, other: ProviderConfig): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}
