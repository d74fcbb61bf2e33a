import { Command, Option } from 'commander';
import type { ExportOptions, ImportOptions } from './list.js';

const DATABASE_HELP = 'DATABASE_URL, or the embedded database in data/';

export function importCommand(): Command {
  return new Command('import')
    .description('load a list into the managed table: all of it, or nothing with every bad line named')
    .argument('<file>', 'CSV, JSON or YAML, as the static-file provider reads it')
    .addOption(
      new Option('--database <url>', 'the database with the table').default(undefined, DATABASE_HELP),
    )
    .option(
      '--country <code>',
      'how national numbers in the file are read, for example FI; otherwise as the configuration says',
    )
    .option('--replace', 'empty the table first, so that it holds exactly this file', false)
    .action(async (file: string, options: ImportOptions) =>
      (await import('./list.js')).importList(file, options),
    );
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write the managed table as CSV, in the form that import reads')
    .addOption(
      new Option('--database <url>', 'the database with the table').default(undefined, DATABASE_HELP),
    )
    .option('-o, --output <file>', 'write it there instead of standard output')
    .action(async (options: ExportOptions) => (await import('./list.js')).exportList(options));
}
