import { resolve } from 'node:path';
import type { LoadedPlugins } from './plugins/load-plugins.js';
import { changeableByOthers, readableByOthers } from '../common/file-rights.js';
import type { AppConfig } from './app.config.js';
import type { ProviderConfig } from '../lookup/providers.config.js';
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
  for (const provider of providers.values()) {
    const list = listOf(provider);
    if (list !== undefined) trusted.push(resolve(directory, list));
    databases.push(ownDatabaseOf(provider) ?? databaseUrl);
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

function listOf({ kind, options }: ProviderConfig): string | undefined {
  return kind === 'static-file' ? (options as StaticFileOptions).file : undefined;
}

/** The URL of the service's own table if a provider names a database other than `DATABASE_URL` for it. */
function ownDatabaseOf({ kind, options }: ProviderConfig): string | undefined {
  if (kind !== 'database') return undefined;
  const { table, connection } = options as DatabaseOptions;
  return table === undefined ? connection : undefined;
}

function sqliteFile(url: string, directory: string): string | undefined {
  const path = sqliteFileOf(url);
  return path && resolve(directory, path);
}
