import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DataSource } from 'typeorm';
import { readEnvironment } from '../app/environment.js';
import { sameTier, VipRecordError } from '../plugin-api/index.js';
import type { DateOrder } from '../plugin-api/index.js';
import { maskNumber } from '../observability/masking.js';
import { closeDataSource } from '../database/data-source.js';
import { databaseUrlProblem, sqliteFileOf } from '../database/url.js';
import {
  exportRecords,
  importRecords,
  openDatabase,
  rehearseImport,
} from '../providers/database/vip-caller.repository.js';
import { rereadNumbers } from '../providers/database/reread-numbers.js';
import { collapseOf, DEFAULT_MIN_SHARE, hasCollapsed } from '../providers/static-file/collapse.js';
import { whatIsNotCounted } from '../providers/static-file/findable.js';
import { readRecordFile } from '../providers/static-file/record-file.js';
import type { RecordList } from '../providers/static-file/record-file.js';
import { encodingProblem } from '../providers/static-file/text-encoding.js';
import { contactOptions } from './contact-flags.js';
import type { ContactFlags } from './contact-flags.js';
import { CSV_HEADER, csvLine } from './csv.js';
import { whatNeverMatches } from './import-census.js';
import { configuredTimezone, listLocale } from './list-locale.js';
import type { ListLocaleOptions } from './list-locale.js';
import { CliError, columns, counted, print } from './output.js';
import { pathBehindLinks, replaceFile } from './replace-file.js';

export interface ImportOptions extends ListLocaleOptions, ContactFlags {
  database?: string;
  dateOrder?: DateOrder;
  encoding?: string;
  replace: boolean;
  confirm: boolean;
  dryRun?: boolean;
}

export interface ExportOptions {
  database?: string;
  output?: string;
}

export async function importList(file: string, options: ImportOptions): Promise<void> {
  const { dateOrder, encoding, replace, dryRun = false } = options;
  const url = usedUrl(options.database);
  const wrong = encoding === undefined ? undefined : encodingProblem(encoding);
  if (wrong !== undefined) throw new CliError(`--encoding "${encoding}" ${wrong}`);
  const read = {
    ...(await listLocale(options)),
    dateOrder,
    encoding,
    guessesEncoding: true,
    contacts: contactOptions(options),
  };
  const list = await readRecordFile(file, read);
  const timezone = await configuredTimezone();
  const { records, problems, problemCount, leftOut, leftOutCount, duplicates, warnings } = list;
  if (problemCount > 0) throw notImported(file, problemCount, problems);
  if (list.encoding !== undefined && list.encoding !== 'utf-8') {
    print(
      `${file} is not UTF-8; it was read as ${list.encoding}. If letters are wrong, say what it is with --encoding.`,
    );
  }
  if (list.contacts !== undefined) print(`Contacts: ${list.contacts}.`);
  for (const entry of leftOut) print(`Left out: ${entry}`);
  for (const warning of [...warnings, ...duplicates]) print(`Warning: ${warning}`);
  const neverMatching = await whatNeverMatches(list.tally);
  const vips = records.map(({ record }) => record);
  const mode = replace ? 'replace' : 'merge';
  const rules = { timezone, ...(!options.confirm && { mayReplace: collapseRefusal(file, list) }) };
  const outcome = await (
    dryRun
      ? rehearseImport(url, vips, mode, rules)
      : withDatabase(url, async (dataSource) => {
          // Entries are recognised by their number, so those of earlier versions have to have theirs.
          await rereadNumbers(dataSource, read.country);
          return importRecords(dataSource, vips, mode, rules);
        })
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
  if (outcome === undefined) {
    printPreview(file, list);
    return neverMatching.forEach(print);
  }
  const { added, replaced, removed } = outcome;
  print(
    `Imported ${counted(records.length, 'entry', 'entries')} from ${file} into ${shown(url)}: ${added} added, ${replaced} replaced, ${removed} removed${leftOutCount > 0 ? `, ${leftOutCount} left out` : ''}.`,
  );
  neverMatching.forEach(print);
}

const SHOWN_ENTRIES = 10;

function printPreview(file: string, { records, leftOutCount }: RecordList): void {
  const tiers = new Map<string, { name: string; count: number }>();
  for (const { record } of records) {
    const same = tiers.get(sameTier(record.tier));
    if (same !== undefined) same.count++;
    else tiers.set(sameTier(record.tier), { name: record.tier, count: 1 });
  }
  const shown = records.slice(0, SHOWN_ENTRIES).map(({ line, record: { number, tier, name = '' } }) => {
    return [`line ${line}`, maskNumber(number), tier, name];
  });
  for (const row of columns(shown)) print(row);
  if (records.length > SHOWN_ENTRIES) print(`and ${records.length - SHOWN_ENTRIES} more`);
  const byTier = [...tiers.values()].map(({ name, count }) => `${count} ${name}`).join(', ');
  print(
    `Would import ${counted(records.length, 'entry', 'entries')} from ${file}${byTier === '' ? '' : ` (${byTier})`}${leftOutCount > 0 ? `, ${leftOutCount} left out` : ''}. Nothing was changed.`,
  );
}

function notImported(file: string, count: number, problems: readonly string[]): CliError {
  const lines = problems.map((line) => `\n- ${line}`).join('');
  return new CliError(`Nothing was imported from ${file} (${counted(count, 'problem')}):${lines}`);
}

/** Refuses to take most of the entries away that are in the table; those that no call can find are no replacement. */
function collapseRefusal(file: string, list: RecordList): (before: number) => void {
  const nowMs = Date.now();
  const numbers = new Set(list.records.map(({ record }) => record.number));
  const count = list.tally.numbersAt(nowMs) === 0 ? 0 : numbers.size;
  return (before) => {
    if (!hasCollapsed(before, count, DEFAULT_MIN_SHARE)) return;
    const why = whatIsNotCounted(list, nowMs, false);
    throw new CliError(
      `Nothing was imported: ${collapseOf(file, before, count, DEFAULT_MIN_SHARE)}${why === '' ? '' : `; not counted are ${why}`}. If that is right, add --confirm.`,
    );
  };
}

export async function exportList({ database, output }: ExportOptions): Promise<void> {
  const url = usedUrl(database);
  refuseMissingFile(url);
  if (output !== undefined && /\.(?:json|ya?ml)$/i.test(output)) {
    throw new CliError(
      `export writes CSV, and ${output} would not be read as such. Name a file that ends in .csv.`,
    );
  }
  if (output !== undefined) await refuseDatabaseFile(url, output);
  const timezone = await configuredTimezone();
  await withDatabase(url, async (dataSource) => {
    let count = 0;
    let leftOut = 0;
    async function* lines(): AsyncGenerator<string> {
      yield `${CSV_HEADER}\r\n`;
      for await (const record of exportRecords(dataSource, timezone, () => void leftOut++)) {
        yield `${csvLine(record, timezone)}\r\n`;
        count++;
      }
    }
    // Where standard output is a socket, as for a child process of Node, it cannot be opened by its name.
    if (output === undefined || output === '/dev/stdout') {
      for await (const line of lines()) if (!process.stdout.write(line)) await once(process.stdout, 'drain');
    } else if (await replaceFile(output, lines())) {
      print(`Exported ${counted(count, 'entry', 'entries')} of ${shown(url)} to ${output}.`);
    }
    if (leftOut > 0) {
      process.stderr.write(
        `Left out ${counted(leftOut, 'row', 'rows')} whose tier says that there is none.\n`,
      );
    }
  });
}

/** Nothing to export is one thing, a mistyped path another; and no empty database is made in its place. */
function refuseMissingFile(url: string): void {
  const path = sqliteFileOf(url);
  if (path !== undefined && !existsSync(path)) {
    throw new CliError(`There is no database ${path}. Name another with --database or DATABASE_URL.`);
  }
}

/** SQLite's own files beside a database: what is not in it yet would be lost with them. */
const DATABASE_FILES = ['', '-wal', '-shm', '-journal'];

async function refuseDatabaseFile(url: string, output: string): Promise<void> {
  const database = sqliteFileOf(url);
  if (database === undefined) return;
  const there = await realpathOf(database);
  for (const suffix of DATABASE_FILES) {
    if (!(await isSameFile(output, `${there}${suffix}`))) continue;
    throw new CliError(
      `${output} is ${suffix === '' ? 'the database that is exported' : `a file of the database ${database}`}, which the list would overwrite. Name another file.`,
    );
  }
}

/** Whether both are one file, by whatever links, or would be if there were one. */
async function isSameFile(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([path, other].map((file) => stat(file).catch(() => undefined)));
  if (one !== undefined && two !== undefined) return one.ino === two.ino && one.dev === two.dev;
  return one === two && (await realpathOf(path)) === (await realpathOf(other));
}

/** What cannot be found is nowhere else. */
function realpathOf(path: string): Promise<string> {
  return pathBehindLinks(path).catch(() => resolve(path));
}

async function withDatabase<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = await openDatabase(url);
  try {
    return await work(dataSource);
  } finally {
    await closeDataSource(dataSource);
  }
}

function usedUrl(url = readEnvironment().databaseUrl): string {
  const problem = databaseUrlProblem(url);
  // That of the environment has been checked.
  if (problem !== undefined) throw new CliError(`--database ${problem}`);
  return url;
}

/** The database without what would let one in. */
function shown(url: string): string {
  return url.replace(/\/\/.*@/, '//').replace(/\?.*$/, '');
}
