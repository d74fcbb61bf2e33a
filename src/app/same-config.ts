import { isDeepStrictEqual } from 'node:util';
import { comparable } from '../lookup/providers.config.js';
import type { AppConfig } from './app.config.js';

/** Whether two configurations say the same, the texts that `${…}` stand for included. */
export function isSameConfig(one: AppConfig, other: AppConfig): boolean {
  const values = ({ providers, ...rest }: AppConfig): object => ({
    ...rest,
    providers: new Map([...providers].map(([name, provider]) => [name, comparable(provider)])),
  });
  return isDeepStrictEqual(values(one), values(other));
}
