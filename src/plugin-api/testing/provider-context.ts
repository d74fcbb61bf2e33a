import type { ProviderContext } from '../vip-lookup-provider.js';
import { MemoryState } from './memory-state.js';

/**
 * A `ProviderContext` for tests. Relative paths stay unchanged; log entries are collected in `logged`.
 * @param options instance or plain object of the provider's options; they are not checked
 * @since 0.1.0
 */
export function providerContext<Options extends object>(
  options: Options,
  overrides: Partial<ProviderContext<Options>> = {},
): ProviderContext<Options> & { readonly logged: { level: string; fields: object; message: string }[] } {
  const logged: { level: string; fields: object; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  return {
    name: 'under-test',
    options,
    country: 'FI',
    timezone: 'UTC',
    timeoutMs: 1_000,
    state: new MemoryState(),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    entriesChanged: () => undefined,
    resolvePath: (path) => path,
    ...overrides,
    logged,
  };
}
