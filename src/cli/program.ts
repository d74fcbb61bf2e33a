import { Command } from 'commander';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { tangible } from '../lookup/describe-failure.js';
import { callCommand } from './call.command.js';
import { configCommand } from './config.command.js';
import { hashSecretCommand } from './hash-secret.command.js';
import { exportCommand, importCommand } from './list.command.js';
import { lookupCommand } from './lookup.command.js';
import { syncCommand } from './sync.command.js';

/** sysexits.h EX_CONFIG, as `main.ts` exits. */
const EXIT_CONFIG = 78;

/** Errors whose message says what to do; others are defects and show where. */
const FOR_PEOPLE = new Set([
  'ConfigError',
  'CliError',
  'VipLookupError',
  'VipLookupBusyError',
  'VipRecordError',
  'DatabaseUrlError',
]);

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/**
 * Runs one command, and prints what it has to say.
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

function program(): Command {
  return new Command('smartrouting-vip')
    .description('Checks, explains and tries what the routing endpoint does.')
    .version(version)
    .addCommand(configCommand())
    .addCommand(lookupCommand())
    .addCommand(syncCommand())
    .addCommand(hashSecretCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand())
    .addCommand(callCommand())
    .showHelpAfterError('(add --help for the options)');
}
