import { isDeepStrictEqual } from 'node:util';
import type { AppConfig, ProviderConfig } from './app-config.js';

/** A checked options object may hold what cannot be compared, a function; what it was made of can. */
const comparable = (provider: ProviderConfig): object => ({ ...provider, options: undefined });

/** Whether two configurations say the same, the texts that `${…}` stand for included. */
export function isSameConfig(one: AppConfig, other: AppConfig): boolean {
  const values = ({ providers, ...rest }: AppConfig): object => ({
    ...rest,
    providers: new Map([...providers].map(([name, provider]) => [name, comparable(provider)])),
  });
  return isDeepStrictEqual(values(one), values(other));
}

/** Whether two entries under `providers:` ask for the same provider. */
export function isSameProvider(one: ProviderConfig, other: ProviderConfig): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}
