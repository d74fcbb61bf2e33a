import { Command, Option } from 'commander';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { isSupportedCountry } from 'libphonenumber-js/max';
import type { DataSource } from 'typeorm';
import { readEnvironment } from '../config/environment.js';
import { VipRecordError } from '../plugin-api/index.js';
import { CSV_HEADER, csvLine } from './csv.js';
import { CliError, print } from './output.js';

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
    .action(importList);
}

export function exportCommand(): Command {
  return new Command('export')
    .description('write the managed table as CSV, in the form that import reads')
    .addOption(
      new Option('--database <url>', 'the database with the table').default(undefined, DATABASE_HELP),
    )
    .option('-o, --output <file>', 'write it there instead of standard output')
    .action(exportList);
}

interface ImportOptions {
  database?: string;
  country?: string;
  replace: boolean;
}

async function importList(file: string, { database, country, replace }: ImportOptions): Promise<void> {
  const { readRecordFile } = await import('../providers/static-file/read-record-file.js');
  const { importRecords } = await import('../providers/database/vip-caller.repository.js');
  const { records, problems, problemCount, duplicates, warnings } = await readRecordFile(
    file,
    await countryOf(country),
  );
  if (problemCount > 0) throw notImported(file, problemCount, problems);
  for (const warning of [...warnings, ...duplicates]) print(`Warning: ${warning}`);
  const { added, replaced, removed } = await withDatabase(database, (dataSource) =>
    importRecords(
      dataSource,
      records.map(({ record }) => record),
      replace ? 'replace' : 'merge',
    ),
  ).catch((error: unknown) => {
    if (!(error instanceof VipRecordError)) throw error;
    const problems = error.problems.map(({ field, message }) => {
      const [, index, name] = /^\[(\d+)\]\.?(.*)$/.exec(field) ?? [];
      return index === undefined
        ? `${field}: ${message}`
        : `line ${records[Number(index)]!.line}, ${name}: ${message}`;
    });
    throw notImported(file, problems.length, problems);
  });
  print(
    `Imported ${records.length} entries from ${file} into ${shown(database)}: ${added} added, ${replaced} replaced, ${removed} removed.`,
  );
}

function notImported(file: string, count: number, problems: readonly string[]): CliError {
  const lines = problems.map((line) => `\n- ${line}`).join('');
  return new CliError(
    `Nothing was imported from ${file} (${count} ${count === 1 ? 'problem' : 'problems'}):${lines}`,
  );
}

async function exportList({ database, output }: { database?: string; output?: string }): Promise<void> {
  const { exportRecords } = await import('../providers/database/vip-caller.repository.js');
  refuseMissingFile(database ?? readEnvironment().databaseUrl);
  await withDatabase(database, async (dataSource) => {
    if (output !== undefined) await mkdir(dirname(output), { recursive: true });
    const file = output === undefined ? undefined : await open(output, 'w');
    const out = file?.createWriteStream() ?? process.stdout;
    let count = 0;
    await write(out, CSV_HEADER);
    for await (const record of exportRecords(dataSource)) {
      await write(out, csvLine(record));
      count++;
    }
    if (file === undefined) return;
    out.end();
    await once(out, 'finish');
    print(`Exported ${count} entries of ${shown(database)} to ${output}.`);
  });
}

/** Nothing to export is one thing, a mistyped path another; and no empty database is made in its place. */
function refuseMissingFile(url: string): void {
  const path = /^sqlite:(?!:memory:)(.+)$/.exec(url)?.[1];
  if (path !== undefined && !existsSync(path)) {
    throw new CliError(`There is no database ${path}. Name another with --database or DATABASE_URL.`);
  }
}

async function write(out: Writable, line: string): Promise<void> {
  if (!out.write(`${line}\r\n`)) await once(out, 'drain');
}

async function withDatabase<T>(
  url: string | undefined,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const [{ openDatabase }, { closeDataSource }] = await Promise.all([
    import('../providers/database/vip-caller.repository.js'),
    import('../providers/database/data-source.js'),
  ]);
  const dataSource = await openDatabase(url ?? readEnvironment().databaseUrl);
  try {
    return await work(dataSource);
  } finally {
    await closeDataSource(dataSource);
  }
}

/** The database without what would let one in. */
function shown(url = readEnvironment().databaseUrl): string {
  return url.replace(/\/\/.*@/, '//').replace(/\?.*$/, '');
}

/** What `--country` says, or the configuration: the list is read as the service would read it. */
async function countryOf(option: string | undefined): Promise<string | undefined> {
  if (option !== undefined) {
    if (!isSupportedCountry(option))
      throw new CliError(`--country "${option}": write ISO 3166-1 alpha-2 in capitals, for example FI`);
    return option;
  }
  const { loadConfig } = await import('../app.setup.js');
  return (await loadConfig(readEnvironment())).config.country;
}
