import { resolve } from 'node:path';
import type { LoadedPlugins } from './plugins/load-plugins.js';
import { changeableByOthers, readableByOthers } from '../common/file-rights.js';
import type { AppConfig } from './app.config.js';
import { sqliteFileOf } from '../database/url.js';
import type { DatabaseOptions } from '../providers/database/database.options.js';
import type { StaticFileOptions } from '../providers/static-file/static-file.options.js';

/**
 * What other users of the machine could do to the service through its files: change what it runs and who is a VIP, or
 * read the list. One sentence each, for the administrator.
 * @param files that contain the configuration
 */
export function rightsWarnings(
  config: AppConfig,
  { origins }: Pick<LoadedPlugins, 'origins'>,
  files: ReadonlySet<string>,
): string[] {
  const { directory, providers, databaseUrl } = config;
  const tls = Object.values<string | undefined>({ ...config.server.tls });
  const trusted = [...files, ...origins.map(({ file }) => file), ...tls];
  const databases = [databaseUrl];
  for (const { kind, options } of providers.values()) {
    if (kind === 'static-file') trusted.push(resolve(directory, (options as StaticFileOptions).file));
    if (kind !== 'database') continue;
    // Another database than that of the service, where it names one for a table as the service's own.
    const { table, connection } = options as DatabaseOptions;
    if (table === undefined && connection !== undefined) databases.push(connection);
  }
  return [
    ...said(trusted, changeableByOthers),
    ...said(
      databases.map((url) => sqliteFile(url, directory)),
      readableByOthers,
    ),
  ];
}

function said(paths: readonly (string | undefined)[], judge: (path: string) => string | undefined): string[] {
  return [...new Set(paths)].flatMap((path) => {
    const problem = path === undefined ? undefined : judge(path);
    return problem === undefined ? [] : [`${path} ${problem}.`];
  });
}

function sqliteFile(url: string, directory: string): string | undefined {
  const path = sqliteFileOf(url);
  return path && resolve(directory, path);
}
