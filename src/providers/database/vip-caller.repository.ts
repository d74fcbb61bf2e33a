import { existsSync } from 'node:fs';
import type { DataSource, QueryRunner } from 'typeorm';
import {
  MAX_NUMBER_LENGTH,
  readVipRecord,
  RECORD_FIELDS,
  recordTexts,
  VipLookupError,
  VipRecordError,
} from '../../plugin-api/index.js';
import type { RecordProblem, VipRecord } from '../../plugin-api/index.js';
import { closeDataSource, createDataSource, isEncrypted } from '../../database/data-source.js';
import type { DataSourceSettings } from '../../database/data-source.js';
import { nodeUrls, sqliteFileOf } from '../../database/url.js';
import { failureOf } from '../../database/failure-texts.js';
import { isNodeTrouble } from '../../database/failures.js';
import { migrate } from '../../database/migrate.js';
import { isSqlite } from '../../database/select.js';
import type { Row } from '../../database/select.js';
import { exclusively, takeTurn } from '../../database/table-lock.js';
import { UNSTORABLE } from './stored-numbers.js';
import { columnsOf, marks, OWN_TABLE, recordOf, TableStatements } from './vip-table.js';

/** `merge` keeps entries that the import does not contain; `replace` leaves exactly the import. */
export type ImportMode = 'merge' | 'replace';

/** `added` + `replaced` is the number of records imported. */
export interface ImportOutcome {
  /** Records whose number was not listed before for the same targets. */
  readonly added: number;
  /** Records that took the place of earlier ones. */
  readonly replaced: number;
  /** Earlier entries that were removed without a successor; always 0 for `merge`. */
  readonly removed: number;
}

export interface ImportOptions {
  /** In which dates in the table are meant: that of the configuration. Default: UTC. */
  readonly timezone?: string;
  /**
   * Called before `replace` takes the entries away that are there, with how many these are.
   * @throws whatever keeps the import from being made; then nothing is changed
   */
  readonly mayReplace?: (before: number) => void;
}

const BATCH_ROWS = 500;
/** Keeps a statement well below the smallest common `max_allowed_packet` (1 MiB), at four bytes per character. */
const BATCH_CHARACTERS = 200_000;
const PAGE_ROWS = 1_000;
/** Keeps a row of an export well below the limit of one CSV row. */
const MAX_TARGETS_CHARACTERS = 100_000;
/** In the order of `recordTexts`. */
const COLUMNS = columnsOf(OWN_TABLE);

/**
 * Connects to a database and brings the table `vip_caller` up to date, for the command line: to the first server that answers.
 * @returns the connection; close it with `closeDataSource`
 * @throws VipLookupError if it is not reachable or the table cannot be created
 */
export function openDatabase(url: string): Promise<DataSource> {
  return connect(url, {}, migrate);
}

async function connect(
  url: string,
  settings: DataSourceSettings,
  prepare?: (dataSource: DataSource) => Promise<unknown>,
): Promise<DataSource> {
  const nodes = nodeUrls(url);
  for (const [index, node] of nodes.entries()) {
    const dataSource = createDataSource(node, { quiet: true, ...settings });
    try {
      await dataSource.initialize();
      await prepare?.(dataSource);
      return dataSource;
    } catch (error) {
      await closeDataSource(dataSource);
      if (index === nodes.length - 1 || !isNodeTrouble(error))
        throw failureOf(error, isEncrypted(dataSource));
    }
  }
  throw new TypeError('a database has a node');
}

/**
 * Refuses what `importRecords` would refuse, and changes nothing: a table that does not exist yet has no entries.
 * @throws VipRecordError listing entries that the table cannot store
 * @throws VipLookupError if the entries there have to be counted and the database is not reachable
 */
export async function rehearseImport(
  url: string,
  records: readonly VipRecord[],
  mode: ImportMode,
  { timezone, mayReplace }: ImportOptions = {},
): Promise<void> {
  refuseUnstorable(records, timezone);
  if (mode === 'merge' || mayReplace === undefined) return;
  const path = sqliteFileOf(url);
  mayReplace(path !== undefined && !existsSync(path) ? 0 : await countIn(url));
}

async function countIn(url: string): Promise<number> {
  const dataSource = await connect(url, { readOnly: true });
  try {
    const runner = dataSource.createQueryRunner();
    return (await runner.hasTable('vip_caller')) ? await countOf(runner) : 0;
  } catch (error) {
    throw failureOf(error);
  } finally {
    await closeDataSource(dataSource);
  }
}

/**
 * Writes a list into `vip_caller`, all of it or nothing. Lookups see the old list until the new one is complete.
 * Entries with the same number and targets replace all earlier ones; several of them within one import, for example
 * for different times, are all kept.
 * @throws VipRecordError listing entries that the table cannot store
 */
export async function importRecords(
  dataSource: DataSource,
  records: readonly VipRecord[],
  mode: ImportMode,
  { timezone, mayReplace }: ImportOptions = {},
): Promise<ImportOutcome> {
  refuseUnstorable(records, timezone);
  const wanted = new Set(records.map(({ number, targets }) => identityOf(number, targets)));
  return exclusively(dataSource, () =>
    dataSource.transaction(async ({ queryRunner }) => {
      const runner = queryRunner!;
      await takeTurn(runner);
      if (mode === 'replace') mayReplace?.(await countOf(runner));
      const known = await removeNamed(runner, records, wanted);
      const rest = mode === 'merge' ? undefined : await runner.query('DELETE FROM vip_caller', [], true);
      for (const batch of batchesOf(records.map((record) => recordTexts(record, { timezone }))))
        await insert(runner, batch);
      const replaced = records.filter(({ number, targets }) => known.has(identityOf(number, targets))).length;
      return { added: records.length - replaced, replaced, removed: rest?.affected ?? 0 };
    }),
  );
}

/**
 * Reads all of `vip_caller`, in the order in which it was written, as of one moment.
 * @param timezone in which dates in the table are meant
 * @param leftOut called for each row whose tier says that there is none: it is nobody's entry
 * @throws VipLookupError naming the row that cannot be read
 */
export async function* exportRecords(
  dataSource: DataSource,
  timezone = 'UTC',
  leftOut?: () => void,
): AsyncGenerator<VipRecord, void, undefined> {
  const runner = dataSource.createQueryRunner();
  const page = new TableStatements(OWN_TABLE, isSqlite(dataSource)).page(PAGE_ROWS);
  await runner.query(
    isSqlite(dataSource) ? 'BEGIN' : 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
  );
  try {
    let rows: Row[];
    let lastId = '0';
    do {
      rows = (await runner.query(page, [lastId])) as Row[];
      for (const row of rows) {
        lastId = String(row['id']);
        const record = readRow(row, timezone);
        if (record === null) leftOut?.();
        else yield record;
      }
    } while (rows.length === PAGE_ROWS);
  } finally {
    await runner.query('ROLLBACK');
    await runner.release();
  }
}

function readRow(row: Row, timezone: string): VipRecord | null {
  try {
    return recordOf(row, OWN_TABLE, String(row['number']), timezone);
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    const at = `row ${String(row['id'])} of table ${OWN_TABLE.name}`;
    throw new VipLookupError(`${at} cannot be read: ${error.message}`);
  }
}

async function countOf(runner: QueryRunner): Promise<number> {
  const [row] = (await runner.query('SELECT COUNT(*) AS entries FROM vip_caller')) as Row[];
  return Number(row!['entries']);
}

/** @returns the identities that were listed before and are in the import again */
async function removeNamed(
  runner: QueryRunner,
  records: readonly VipRecord[],
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  const numbers = [...new Set(records.map(({ number }) => number))];
  for (let start = 0; start < numbers.length; start += BATCH_ROWS) {
    const asked = numbers.slice(start, start + BATCH_ROWS);
    const rows = (await runner.query(
      `SELECT id, number, targets FROM vip_caller WHERE number IN (${marks(asked.length)})`,
      asked,
    )) as Row[];
    const named = rows.filter((row) => wanted.has(identityOfRow(row)));
    named.forEach((row) => known.add(identityOfRow(row)));
    const ids = named.map((row) => String(row['id']));
    if (ids.length > 0) await runner.query(`DELETE FROM vip_caller WHERE id IN (${marks(ids.length)})`, ids);
  }
  return known;
}

async function insert(runner: QueryRunner, rows: readonly (string | null)[][]): Promise<void> {
  const row = `(${marks(COLUMNS.length)})`;
  await runner.query(
    `INSERT INTO vip_caller (${COLUMNS.join(', ')}) VALUES ${rows.map(() => row).join(', ')}`,
    rows.flat(),
  );
}

function* batchesOf(rows: readonly (string | null)[][]): Generator<(string | null)[][]> {
  let batch: (string | null)[][] = [];
  let characters = 0;
  for (const row of rows) {
    const length = row.reduce((sum, value) => sum + (value?.length ?? 0), 0);
    if (batch.length === BATCH_ROWS || (batch.length > 0 && characters + length > BATCH_CHARACTERS)) {
      yield batch;
      [batch, characters] = [[], 0];
    }
    batch.push(row);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

function identityOf(number: string, targets: readonly string[] = []): string {
  return JSON.stringify([number, ...[...new Set(targets)].sort()]);
}

function identityOfRow({ number, targets }: Row): string {
  const names = typeof targets === 'string' ? targets.split(';').map((name) => name.trim()) : [];
  return identityOf(
    String(number),
    names.filter((name) => name !== ''),
  );
}

/** @throws VipRecordError listing every entry (`[0]` is the first) that the table cannot store */
export function refuseUnstorable(records: readonly VipRecord[], timezone?: string): void {
  const problems = records.flatMap((record, index) =>
    problemsOf(record, timezone).map(({ field, message }) => ({ field: `[${index}].${field}`, message })),
  );
  if (problems.length > 0) throw new VipRecordError(problems);
}

function problemsOf(record: VipRecord, timezone: string | undefined): RecordProblem[] {
  const texts = recordTexts(record, { timezone });
  const problems: RecordProblem[] = RECORD_FIELDS.filter((_, index) =>
    UNSTORABLE.test(texts[index] ?? ''),
  ).map((field) => ({ field, message: 'contains a NUL or half a character' }));
  if (record.number.length > MAX_NUMBER_LENGTH) {
    problems.push({ field: 'number', message: `is longer than ${MAX_NUMBER_LENGTH} characters` });
  }
  if (record.targets?.some((target) => target.includes(';'))) {
    problems.push({ field: 'targets', message: 'has a ; within a targetid, which separates targetids here' });
  }
  if ((record.targets?.join(';').length ?? 0) > MAX_TARGETS_CHARACTERS) {
    problems.push({ field: 'targets', message: `has more than ${MAX_TARGETS_CHARACTERS} characters in all` });
  }
  return [...problems, ...readBackProblems(texts, timezone)];
}

/**
 * Reading has its own limits, for example for JSON text; with an entry beyond them, its caller's lookup would fail
 * later.
 */
function readBackProblems(
  texts: readonly (string | null)[],
  timezone: string | undefined,
): readonly RecordProblem[] {
  const { number, ...raw } = Object.fromEntries(RECORD_FIELDS.map((field, index) => [field, texts[index]]));
  try {
    readVipRecord(raw, { number: number!, timezone });
    return [];
  } catch (error) {
    if (error instanceof VipRecordError) return error.problems;
    throw error;
  }
}
