import { isDeepStrictEqual } from 'node:util';
import type { ProviderConfig } from './providers.config.js';

/** A checked options object may contain functions, which cannot be compared; the values it was created from can. */
export const comparable = (provider: ProviderConfig): object => ({ ...provider, options: undefined });

/** Whether two entries under `providers:` describe the same provider. */
export function isSameProvider(one: ProviderConfig, other: ProviderConfig): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}
