import { Command, Option } from 'commander';
import { inspect } from 'node:util';
import { EXIT_CONFIG } from '../app/start-failure.js';
import { COMMIT, UNKNOWN_COMMIT, VERSION } from '../common/version.js';
import { tangible } from '../lookup/describe-failure.js';
import { isPlainObject } from '../common/json.js';
import type { JsonObject } from '../common/json.js';
import { CliError } from './output.js';

/** Errors whose message says what to do; others are defects and are shown with their stack. */
const FOR_PEOPLE = new Set([
  'ConfigError',
  'CliError',
  'VipLookupError',
  'VipLookupBusyError',
  'VipEntryError',
  'VipRecordError',
  'DatabaseUrlError',
]);

/**
 * Runs one command, and prints its errors.
 * @param args as the shell gives them, without Node and the script
 * @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  process.exitCode = 0;
  try {
    await program().parseAsync(args, { from: 'user' });
    return process.exitCode;
  } catch (error) {
    const { name, message, stack, code } = Object(tangible(error)) as NodeJS.ErrnoException;
    const isForPeople = FOR_PEOPLE.has(name) || code !== undefined;
    process.stderr.write(`${(isForPeople ? message : (stack ?? message)) ?? inspect(error)}\n`);
    return name === 'ConfigError' ? EXIT_CONFIG : 1;
  }
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** All commands. Their implementations are loaded when they run: loading everything takes longer than most commands. */
export function program(): Command {
  const all = new Command('smartrouting-vip')
    .description('Checks, explains and tries what the routing endpoint does.')
    .version(COMMIT === UNKNOWN_COMMIT ? VERSION : `${VERSION} (commit ${COMMIT})`);
  const database = () =>
    new Option('--database <url>', 'the database with the table').default(
      undefined,
      'DATABASE_URL, or the embedded database in data/',
    );

  const config = all.command('config').description('the configuration file');
  config
    .command('check')
    .description(
      'check the file as the start does; exit code 78 and the list of problems when it is not usable',
    )
    .option(
      '--lists',
      'read the lists, copies and tables, too, and tell which entries can never match; exit code 1 when there are any that are a mistake, or one cannot be read',
      false,
    )
    .argument('[file]', 'configuration file; otherwise SMARTROUTING_CONFIG, or config/smartrouting.yaml')
    .action(async (file: string | undefined, options: { lists: boolean }) =>
      (await import('./config.js')).checkFile(file, options),
    );
  config
    .command('schema')
    .description('print the JSON Schema of the file, for editors')
    .option('-o, --output <file>', 'write it there instead')
    .action(async (options: { output?: string }) => (await import('./config.js')).printSchema(options));

  all
    .command('lookup')
    .description('decide about a call as the endpoint would, and explain why')
    .argument('<number>', 'the caller, in any spelling')
    .option('-t, --target <targetid>', 'the tag of the queue')
    .option('--bnum <number>', 'the called number', '')
    .option('--extradata <json>', 'a JSON object', parseExtradata, {})
    .option('--json', 'print the decision as JSON', false)
    .action(async (number: string, options: import('./lookup.js').LookupOptions) =>
      (await import('./lookup.js')).lookup(number, options),
    );

  all
    .command('sync')
    .description(
      "bring a provider's copy of its CRM up to date now, or say whether its list would be used; running instances pick it up",
    )
    .argument('<provider>', 'its name under providers:')
    .option('--full', 'pull everything, not just what changed', false)
    .option(
      '--confirm',
      'accept the result, or this version of the list, even if far fewer entries are left',
      false,
    )
    .action(async (name: string, options: import('./sync.js').SyncFlags) =>
      (await import('./sync.js')).syncProvider(name, options),
    );

  all
    .command('hash-secret')
    .description(
      'make the text to put into the configuration instead of a password or API key; the secret is asked for or read from standard input',
    )
    .option('--api-key', 'hash an API key (sha256:…); without it a password ($scrypt$…)', false)
    .action(async (options: { apiKey: boolean }) => (await import('./hash-secret.js')).hashSecret(options));

  all
    .command('import')
    .description('load a list into the managed table: all of it, or nothing with every bad line named')
    .argument(
      '<file>',
      'a list or an export of contacts, as the static-file provider reads it, but Windows-1252 and UTF-16 need not be named',
    )
    .addOption(database())
    .option(
      '--country <code>',
      'how national numbers in the file are read, for example FI; otherwise as the configuration says',
    )
    .option(
      '--timezone <name>',
      'where a date without a time is a whole day, for example Europe/Helsinki; otherwise as the configuration says',
    )
    .addOption(
      new Option('--date-order <order>', 'what comes first in dates such as 12/31/2026').choices([
        'dmy',
        'mdy',
      ]),
    )
    .option(
      '--contacts',
      'the file is the export of a contact program: take numbers, names and groups from its columns',
    )
    .option(
      '--column <field=column>',
      'which column of the file holds a field, by name or position; repeatable',
      collect,
    )
    .option('--tier <tier>', 'the tier of all contacts, or of those in no group that --tiers names')
    .option(
      '--tiers <group=tier,…>',
      'which groups of the contacts mean which tier; the first that fits counts',
      collect,
    )
    .option('--dry-run', 'print what would be imported, and change nothing', false)
    .option('--encoding <name>', 'what the text is, if not UTF-8, UTF-16 or Windows-1252; for example cp850')
    .option('--replace', 'empty the table first, so that it holds exactly this file', false)
    .option('--confirm', 'with --replace: accept the file even if far fewer entries are left', false)
    .action(async (file: string, options: import('./list.js').ImportOptions) =>
      (await import('./list.js')).importList(file, options),
    );

  all
    .command('export')
    .description('write the managed table as CSV, in the form that import reads')
    .addOption(database())
    .option('-o, --output <file>', 'write it there instead of standard output')
    .action(async (options: import('./list.js').ExportOptions) =>
      (await import('./list.js')).exportList(options),
    );

  all
    .command('call')
    .description('ask a running endpoint as Enreach Core does, and show the answer')
    .requiredOption('--url <url>', 'required; for example http://127.0.0.1:3000/smartrouting')
    .requiredOption('--anum <number>', 'required; the caller, "" for a withheld number')
    .requiredOption('--bnum <number>', 'required; the called number')
    .option('--target <targetid>', 'the tag of the queue')
    .option('--extradata <json>', 'a JSON object', parseExtradata)
    .addOption(new Option('--api-key <key>', 'better given in the environment').env('SMARTROUTING_API_KEY'))
    .addOption(new Option('--user <name>', 'HTTP Basic instead of the API key').env('SMARTROUTING_USER'))
    .addOption(
      new Option('--password <text>', 'better given in the environment').env('SMARTROUTING_PASSWORD'),
    )
    .action(async (options: import('./call.js').CallOptions) => (await import('./call.js')).call(options));

  all
    .command('status')
    .description(
      'ask running instances how they are; exit code 0 when all are up, 1 when one is degraded or not ready, 2 when one does not answer',
    )
    .argument(
      '[url...]',
      'where each instance has /health, for example http://10.0.0.1:9090; otherwise as the configuration says',
    )
    .action(async (urls: string[]) => (await import('./status.js')).status(urls));

  return all.showHelpAfterError('(add --help for the options)');
}

/** The value of `--extradata`: what Core would send, as JSON. */
function parseExtradata(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`--extradata is not JSON: ${(error as Error).message}`);
  }
  if (!isPlainObject(value))
    throw new CliError('--extradata must be a JSON object, for example \'{"DYN_PAR_Culture": "fi-FI"}\'');
  return value as JsonObject;
}
