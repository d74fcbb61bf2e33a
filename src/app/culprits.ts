import { pathToFileURL } from 'node:url';
import type { PluginOrigin } from './plugins/load-plugins.js';
import type { ProviderRegistry } from '../lookup/provider-registry.js';
import type { Logger } from '../observability/logger.js';

/**
 * Logs uncaught exceptions and unhandled rejections: a plug-in's forgotten promise or listener must not end the
 * process and the calls in progress. If the stack shows which plug-in it was, log and health name it.
 * @param origins of the loaded plug-ins
 */
export function outliveLooseErrors(
  origins: readonly PluginOrigin[],
  registry: Pick<ProviderRegistry, 'threwLoose'>,
  logger: Logger,
): void {
  const fieldsOf = (error: unknown): object => {
    const culprit = originOf(error, origins);
    const providers = culprit && registry.threwLoose(culprit.kinds, error);
    return { ...(culprit && { plugin: culprit.name, providers }), error };
  };
  process.on('unhandledRejection', (error) => logger.error(fieldsOf(error), 'unhandled promise rejection'));
  process.on('uncaughtException', (error) => logger.error(fieldsOf(error), 'uncaught exception'));
}

/** The plug-in whose code appears in the error's stack; `undefined` if none does, or there is no stack. */
export function originOf(error: unknown, origins: readonly PluginOrigin[]): PluginOrigin | undefined {
  const stack = (error as { stack?: unknown } | null | undefined)?.stack;
  if (typeof stack !== 'string') return undefined;
  // ES modules appear there as URLs, CommonJS modules as paths.
  return origins.find(({ home }) => stack.includes(pathToFileURL(home).href) || stack.includes(home));
}
