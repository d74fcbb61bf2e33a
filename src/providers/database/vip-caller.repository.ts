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
import { closeDataSource, createDataSource } from '../../database/data-source.js';
import { nodeUrls } from '../../database/url.js';
import { failureOf, isNodeTrouble } from '../../database/failures.js';
import { migrate } from '../../database/migrate.js';
import { isSqlite } from '../../database/select.js';
import type { Row } from '../../database/select.js';
import { exclusively, takeTurn } from '../../database/table-lock.js';
import { UNSTORABLE } from './stored-numbers.js';
import { columnsOf, marks, OWN_TABLE, recordOf, TableStatements } from './vip-table.js';

/** `merge` keeps what the import does not name; `replace` leaves exactly the import. */
export type ImportMode = 'merge' | 'replace';

/** `added` + `replaced` is the number of records imported. */
export interface ImportOutcome {
  /** Records whose number was not listed before for the same targets. */
  readonly added: number;
  /** Records that took the place of earlier ones. */
  readonly replaced: number;
  /** Earlier entries that are gone without a successor; always 0 for `merge`. */
  readonly removed: number;
}

const BATCH_ROWS = 500;
/** Keeps a statement well below the smallest `max_allowed_packet` in use (1 MiB), four bytes to a character. */
const BATCH_CHARACTERS = 200_000;
const PAGE_ROWS = 1_000;
/** Leaves a row of an export well below what is read as one row of CSV. */
const MAX_TARGETS_CHARACTERS = 100_000;
/** In the order of `recordTexts`. */
const COLUMNS = columnsOf(OWN_TABLE);

/**
 * Connects to a database and brings the table `vip_caller` up to date, for the command line: to the first server that answers.
 * @returns close it with `closeDataSource`
 * @throws VipLookupError when it is not reachable or the table cannot be made
 */
export async function openDatabase(url: string): Promise<DataSource> {
  const nodes = nodeUrls(url);
  for (const [index, node] of nodes.entries()) {
    const dataSource = createDataSource(node, { quiet: true });
    try {
      await dataSource.initialize();
      await migrate(dataSource);
      return dataSource;
    } catch (error) {
      await closeDataSource(dataSource);
      if (index === nodes.length - 1 || !isNodeTrouble(error)) throw failureOf(error);
    }
  }
  throw new TypeError('a database has a node');
}

/**
 * Writes a list into `vip_caller`, all of it or nothing. Lookups see the old list until the new one is complete.
 * Entries of one number for the same targets take the place of all such entries that were there before; several of them
 * within one import, for different times say, stand side by side.
 * @throws VipRecordError listing entries that the table cannot hold
 */
export async function importRecords(
  dataSource: DataSource,
  records: readonly VipRecord[],
  mode: ImportMode,
): Promise<ImportOutcome> {
  refuseUnstorable(records);
  const wanted = new Set(records.map(({ number, targets }) => identityOf(number, targets)));
  return exclusively(dataSource, () =>
    dataSource.transaction(async ({ queryRunner }) => {
      const runner = queryRunner!;
      await takeTurn(runner);
      const known = await removeNamed(runner, records, wanted);
      const rest = mode === 'merge' ? undefined : await runner.query('DELETE FROM vip_caller', [], true);
      for (const batch of batchesOf(records.map(recordTexts))) await insert(runner, batch);
      const replaced = records.filter(({ number, targets }) => known.has(identityOf(number, targets))).length;
      return { added: records.length - replaced, replaced, removed: rest?.affected ?? 0 };
    }),
  );
}

/**
 * Reads the whole of `vip_caller`, in the order it was written, as of one moment.
 * @throws VipLookupError naming the row that cannot be read
 */
export async function* exportRecords(dataSource: DataSource): AsyncGenerator<VipRecord, void, undefined> {
  const runner = dataSource.createQueryRunner();
  const page = new TableStatements(OWN_TABLE, dataSource).page(PAGE_ROWS);
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
        yield readRow(row);
      }
    } while (rows.length === PAGE_ROWS);
  } finally {
    await runner.query('ROLLBACK');
    await runner.release();
  }
}

function readRow(row: Row): VipRecord {
  const at = `row ${String(row['id'])} of table ${OWN_TABLE.name}`;
  try {
    const record = recordOf(row, OWN_TABLE, String(row['number']));
    if (record === null) throw new VipLookupError(`${at} has no tier`);
    return record;
  } catch (error) {
    if (error instanceof VipRecordError) throw new VipLookupError(`${at} cannot be read: ${error.message}`);
    throw error;
  }
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

/** Entries of the same number for the same targets are one another's successors. */
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

/** @throws VipRecordError listing every entry (`[0]` is the first) that the table cannot hold */
export function refuseUnstorable(records: readonly VipRecord[]): void {
  const problems = records.flatMap((record, index) =>
    problemsOf(record).map(({ field, message }) => ({ field: `[${index}].${field}`, message })),
  );
  if (problems.length > 0) throw new VipRecordError(problems);
}

function problemsOf(record: VipRecord): RecordProblem[] {
  const texts = recordTexts(record);
  const problems: RecordProblem[] = RECORD_FIELDS.filter((_, index) =>
    UNSTORABLE.test(texts[index] ?? ''),
  ).map((field) => ({ field, message: 'has a NUL or half a character in it' }));
  if (record.number.length > MAX_NUMBER_LENGTH) {
    problems.push({ field: 'number', message: `is longer than ${MAX_NUMBER_LENGTH} characters` });
  }
  if (record.targets?.some((target) => target.includes(';'))) {
    problems.push({ field: 'targets', message: 'has a ; within a targetid, which separates targetids here' });
  }
  if ((record.targets?.join(';').length ?? 0) > MAX_TARGETS_CHARACTERS) {
    problems.push({ field: 'targets', message: `has more than ${MAX_TARGETS_CHARACTERS} characters in all` });
  }
  return [...problems, ...readBackProblems(texts)];
}

/** Reading has limits of its own, for JSON text for instance; an entry beyond them would fail its caller later. */
function readBackProblems(texts: readonly (string | null)[]): readonly RecordProblem[] {
  const { number, ...raw } = Object.fromEntries(RECORD_FIELDS.map((field, index) => [field, texts[index]]));
  try {
    readVipRecord(raw, { number: number! });
    return [];
  } catch (error) {
    if (error instanceof VipRecordError) return error.problems;
    throw error;
  }
}
