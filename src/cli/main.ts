#!/usr/bin/env node
import { Command } from 'commander';
import { createRequire } from 'node:module';
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

const program = new Command('smartrouting-vip')
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

// `export | head` closes our output early; that is no error.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  const isForPeople = FOR_PEOPLE.has(name) || code !== undefined;
  process.stderr.write(`${isForPeople ? message : (stack ?? message)}\n`);
  process.exitCode = name === 'ConfigError' ? EXIT_CONFIG : 1;
}
