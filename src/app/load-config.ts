import { isDeepStrictEqual } from 'node:util';
import type { LoadedPlugins } from './plugins/load-plugins.js';
import { loadPlugins } from './plugins/load-plugins.js';
import { inBrackets, readThrown } from './plugins/thrown.js';
import { rightsWarnings } from './rights.js';
import type { AppConfig } from './app.config.js';
import { checkConfig } from './app.config.js';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from './environment.js';
import { readConfigFile } from '../config/read-config-file.js';
import type { TlsMaterial } from '../http/read-tls.js';
import { readTls, TlsError } from '../http/read-tls.js';
import { tangible } from '../lookup/describe-failure.js';

export interface LoadedConfig {
  readonly config: AppConfig;
  /** The content of the files of `server.tls`; also absent if these files are already in use. */
  readonly tls: TlsMaterial | undefined;
  readonly plugins: LoadedPlugins;
  /** What other users of the machine could do through the files that it names; see `rightsWarnings`. */
  readonly rights: readonly string[];
  /** The same error; one about the configuration that a provider or Nest found later gets its line numbers. */
  located(this: void, error: unknown): unknown;
}

/** For a key that is fixed at the start. */
export const FIXED = 'cannot change while the service runs. Restore it, or restart the service.';

/**
 * Reads and checks the configuration, the plug-ins it names included.
 * @param files gets the absolute paths of all files on which the outcome depends, except lists and certificates,
 *   which their users watch
 * @param inUse of the running service: its plug-ins stay, and the certificate in use is not part of the configuration
 * @throws ConfigError with every problem
 */
export async function loadConfig(
  environment: Environment,
  files = new Set<string>(),
  inUse?: Pick<LoadedConfig, 'config' | 'plugins'>,
): Promise<LoadedConfig> {
  const source = await readConfigFile(environment, files);
  const named = source.plugins.map(({ name }) => name);
  const loaded = inUse?.plugins.origins.map(({ name }) => name);
  if (loaded && !isDeepStrictEqual(named, loaded)) {
    throw source.error([{ key: 'plugins', message: FIXED }]);
  }
  const plugins =
    inUse?.plugins ??
    (await loadPlugins(source.plugins, source.directory).catch((error: unknown) => {
      throw error instanceof ConfigError ? source.error(error.problems) : error;
    }));
  const config = checkConfig(source, plugins.marks, environment);
  const tlsFiles = config.server.tls;
  const isNew = tlsFiles && !isDeepStrictEqual(tlsFiles, inUse?.config.server.tls);
  const tls =
    isNew &&
    (await readTls(tlsFiles).catch((error: unknown) => {
      if (!(error instanceof TlsError)) throw error;
      for (const file of Object.values<string | undefined>({ ...tlsFiles }))
        if (file !== undefined) files.add(file);
      throw source.error([{ key: error.key, message: `${error.problem}.` }]);
    }));
  const located = (error: unknown): unknown => {
    if (error instanceof ConfigError) return source.error(error.problems);
    const message = plugins.origins.length > 0 ? pluginAtFault(error, plugins) : undefined;
    return message === undefined ? error : source.error([{ key: 'plugins', message }]);
  };
  const rights = rightsWarnings(config, plugins, files);
  return { config, tls: tls || undefined, plugins, rights, located };
}

/** What is said of an error that only a plug-in can be the reason of; `undefined` for any other. */
function pluginAtFault(error: unknown, { origins }: LoadedPlugins): string | undefined {
  const thrown = readThrown(error);
  if (thrown.kind === undefined) {
    // An error has a stack that tells whose it is.
    const names = origins.map(({ name }) => `"${name}"`).join(' or ');
    return `${names} cannot be used${inBrackets(thrown)}. Fix what fails while Nest creates its modules.`;
  }
  // Nest does not export the class.
  const { constructor } = Object(tangible(error)) as Partial<Error>;
  if (constructor?.name !== 'UnknownDependenciesException') return undefined;
  return `A plug-in cannot be used: ${thrown.said} Export from the plug-in a Nest module that provides the class and its dependencies.`;
}
