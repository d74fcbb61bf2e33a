import { Command } from 'commander';
import type { LoadedConfig } from '../app/load-config.js';
import type { AppConfig } from '../app/app.config.js';
import { counted, print } from './output.js';
import { replaceFile } from './replace-file.js';

/** There is nothing secret in a schema. */
const SCHEMA_MODE = 0o644;

export function configCommand(): Command {
  return new Command('config')
    .description('the configuration file')
    .addCommand(
      new Command('check')
        .description(
          'check the file as the start does; exit code 78 and the list of problems when it is not usable',
        )
        .argument('[file]', 'configuration file; otherwise SMARTROUTING_CONFIG, or config/smartrouting.yaml')
        .action(check),
    )
    .addCommand(
      new Command('schema')
        .description('print the JSON Schema of the file, for editors')
        .option('-o, --output <file>', 'write it there instead')
        .action(schema),
    );
}

async function check(file: string | undefined): Promise<void> {
  const [{ loadConfig }, { readEnvironment }] = await Promise.all([
    import('../app/load-config.js'),
    import('../app/environment.js'),
  ]);
  const environment = readEnvironment();
  const loaded = await loadConfig(file === undefined ? environment : { ...environment, configFile: file });
  await makeProviders(loaded);
  const { config, tls, rights } = loaded;
  const { providers, targets, credentials, warnings } = config;
  for (const warning of [...warnings, ...(tls?.warnings ?? []), ...rights]) print(`Warning: ${warning}`);
  print(
    `${config.file} is usable: ${counted(credentials.length, 'credential')}, ${counted(providers.size, 'provider')} (${[...providers.keys()].join(', ')}), ` +
      `${counted(targets.size, 'target')} (${[...targets.keys()].join(', ')}).`,
  );
}

/** Some options only a provider itself can judge; it is made, and not opened. */
async function makeProviders({ config, plugins, located }: LoadedConfig): Promise<void> {
  const [{ NestFactory }, { ProvidersModule }] = await Promise.all([
    import('@nestjs/core'),
    import('../app/providers.module.js'),
  ]);
  const quiet: AppConfig = { ...config, logging: { ...config.logging, level: 'silent' } };
  const app = await NestFactory.createApplicationContext(ProvidersModule.forRoot(quiet, plugins), {
    logger: false,
    abortOnError: false,
  }).catch((error: unknown) => {
    throw located(error);
  });
  await app.close();
}

async function schema({ output }: { output?: string }): Promise<void> {
  const { loadPlugins } = await import('../app/plugins/load-plugins.js');
  const { configJsonSchema } = await import('../app/json-schema.js');
  const { marks } = await loadPlugins([], process.cwd());
  const text = `${JSON.stringify(configJsonSchema(marks), null, 2)}\n`;
  if (output === undefined || output === '/dev/stdout') print(text.trimEnd());
  else await replaceFile(output, [text], SCHEMA_MODE);
}
