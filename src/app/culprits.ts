import { pathToFileURL } from 'node:url';
import type { PluginOrigin } from './plugins/load-plugins.js';
import type { ProviderRegistry } from '../lookup/provider-registry.js';
import type { Logger } from '../observability/logger.js';

/**
 * Logs what was thrown, or rejected, where nobody could catch it: a plug-in's forgotten promise or listener must not take
 * the endpoint, and the calls in hand, down. Where the stack tells which plug-in it was, log and health name it.
 * @param origins of the plug-ins that are loaded
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

/** The plug-in whose code stands in the error's stack; `undefined` when there is none, or no stack. */
export function originOf(error: unknown, origins: readonly PluginOrigin[]): PluginOrigin | undefined {
  const stack = (error as { stack?: unknown } | null | undefined)?.stack;
  if (typeof stack !== 'string') return undefined;
  return origins.find(({ home }) => {
    // ES modules stand there as URLs, CommonJS modules as paths.
    return [pathToFileURL(home).href, home].some((place) => stack.includes(place));
  });
}
