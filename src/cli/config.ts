import { readEnvironment } from '../app/environment.js';
import { configJsonSchema } from '../app/json-schema.js';
import { loadConfig } from '../app/load-config.js';
import { loadPlugins } from '../app/plugins/load-plugins.js';
import { ProvidersModule } from '../app/providers.module.js';
import { ReadingStoreModule } from '../store/store.module.js';
import { checkLists } from './check-lists.js';
import { counted, named, print } from './output.js';
import { replaceFile } from './replace-file.js';
import { withSilentApp } from './silent-app.js';

/** A schema contains no secrets. */
const SCHEMA_MODE = 0o644;

export async function checkFile(file: string | undefined, { lists = false } = {}): Promise<void> {
  const environment = readEnvironment();
  const loaded = await loadConfig(file === undefined ? environment : { ...environment, configFile: file });
  // Some options only a provider itself can judge; it is made, and opened only to read its list.
  const read = await withSilentApp(
    loaded,
    { forRoot: (...from) => ProvidersModule.forRoot(...from, ReadingStoreModule) },
    (app) => (lists ? checkLists(app, loaded.config) : Promise.resolve([])),
  );
  const { config, tls, rights } = loaded;
  const { providers, targets, credentials, warnings } = config;
  for (const warning of [...warnings, ...(tls?.warnings ?? []), ...rights]) print(`Warning: ${warning}`);
  print(
    `${config.file} is usable: ${counted(credentials.length, 'credential')}, ${counted(providers.size, 'provider')} (${named(providers.keys())}), ` +
      `${counted(targets.size, 'target')} (${named(targets.keys())}).`,
  );
  for (const { told, isFaulty } of read) {
    told.forEach(print);
    if (isFaulty) process.exitCode = 1;
  }
}

export async function printSchema({ output }: { output?: string }): Promise<void> {
  const { marks } = await loadPlugins([], process.cwd());
  const text = `${JSON.stringify(configJsonSchema(marks), null, 2)}\n`;
  if (output === undefined || output === '/dev/stdout') print(text.trimEnd());
  else await replaceFile(output, [text], SCHEMA_MODE);
}
