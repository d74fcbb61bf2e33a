import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { readWrittenNumbers } from '../../plugin-api/index.js';
import { whileBusy } from '../../database/select.js';
import type { Row } from '../../database/select.js';
import { exclusively, takeTurn } from '../../database/table-lock.js';
import { isStorable } from './stored-numbers.js';
import { columnsOf, OWN_TABLE } from './vip-table.js';

/** What became of entries whose number an earlier version kept as text. */
export interface RereadNumbers {
  /** Entries that were read again. */
  readonly texts: number;
  /** Entries that now have the number that the text stands for. */
  readonly changed: number;
  /** Entries that were added, for texts that hold several numbers. */
  readonly added: number;
  /** Entries that no call can match; they stay as they are. */
  readonly unusable: number;
  /** `id` of the first ten of those. */
  readonly unusableIds: readonly string[];
}

/** Raised when numbers are read in another way: those that are stored as text are then read again, once. */
const READING = '2';
const MARK = ['vip_caller', 'numbers'] as const;
/** Their transaction holds SQLite's lock for some milliseconds. */
const PAGE_ROWS = 100;
const MAX_IDS = 10;
/** E.164, or a range of it: what earlier versions could read. */
const IS_KEY = /^\+[1-9]\d{2,14}\*?$/;

/**
 * Reads the numbers of `vip_caller` again that an earlier version could not read and kept as text. Does so once, whatever the
 * number of instances, and some rows at a time.
 * @param country ISO 3166-1 alpha-2: how national numbers are read
 * @returns `undefined` when that was done before
 */
export async function rereadNumbers(
  dataSource: DataSource,
  country: string | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<RereadNumbers | undefined> {
  if (await isDone(dataSource)) return undefined;
  const inTransaction = <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> =>
    whileBusy(
      () =>
        dataSource.transaction(async ({ queryRunner }) => {
          await takeTurn(queryRunner!);
          return work(queryRunner!);
        }),
      signal,
    );
  return exclusively(dataSource, async () => {
    if (await isDone(dataSource)) return undefined;
    const result = { texts: 0, changed: 0, added: 0, unusable: 0, unusableIds: [] as string[] };
    let ids: [after: string, last: string] = ['0', await lastIdOf(dataSource)];
    for (;;) {
      const { read, lastId } = await inTransaction((runner) => rereadPage(runner, ids, country));
      for (const { id, numbers } of read) {
        result.texts++;
        if (numbers === undefined) continue;
        result.added += Math.max(0, numbers.length - 1);
        if (numbers.length > 0) result.changed++;
        else if (++result.unusable <= MAX_IDS) result.unusableIds.push(id);
      }
      if (lastId === undefined) break;
      ids = [lastId, ids[1]];
      await nextTurn();
    }
    await inTransaction(mark);
    return result;
  });
}

async function isDone(dataSource: DataSource): Promise<boolean> {
  const sql = 'SELECT content FROM provider_state WHERE provider = ? AND name = ?';
  const [found] = await dataSource.query<Row[]>(sql, [...MARK]);
  return found?.['content'] === READING;
}

async function mark(runner: QueryRunner): Promise<void> {
  await runner.query('DELETE FROM provider_state WHERE provider = ? AND name = ?', [...MARK]);
  const sql = 'INSERT INTO provider_state (provider, name, version, content) VALUES (?, ?, 1, ?)';
  await runner.query(sql, [...MARK, READING]);
}

/** Entries that are added later are not read again. */
async function lastIdOf(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query<{ id: string | number | null }[]>(
    'SELECT MAX(id) AS id FROM vip_caller',
  );
  return String(row?.id ?? '0');
}

interface RereadText {
  readonly id: string;
  /** That the text holds: none when it has none, `undefined` when it stays what it is. */
  readonly numbers: readonly string[] | undefined;
}

/** @returns the texts among the rows, and the page's last row if there may be more */
async function rereadPage(
  runner: QueryRunner,
  ids: readonly [after: string, last: string],
  country: string | undefined,
): Promise<{ lastId: string | undefined; read: RereadText[] }> {
  const rows = (await runner.query(
    `SELECT id, number FROM vip_caller WHERE id > ? AND id <= ? ORDER BY id LIMIT ${PAGE_ROWS}`,
    [...ids],
  )) as Row[];
  const texts = rows.filter(({ number }) => !IS_KEY.test(String(number)));
  const read = texts.map((row) => {
    const text = String(row['number']);
    const numbers = readWrittenNumbers(text, country).keys.filter(isStorable);
    const isSame = numbers.length === 1 && numbers[0] === text;
    return { id: String(row['id']), numbers: isSame ? undefined : numbers };
  });
  for (const { id, numbers: [first, ...more] = [] } of read) {
    if (first === undefined) continue;
    await runner.query('UPDATE vip_caller SET number = ? WHERE id = ?', [first, id]);
    for (const other of more) await copyRow(runner, id, other);
  }
  return { lastId: rows.length < PAGE_ROWS ? undefined : String(rows.at(-1)!['id']), read };
}

async function copyRow(runner: QueryRunner, id: string, number: string): Promise<void> {
  const others = columnsOf(OWN_TABLE)
    .filter((column) => column !== 'number')
    .join(', ');
  await runner.query(
    `INSERT INTO vip_caller (number, ${others}) SELECT ?, ${others} FROM vip_caller WHERE id = ?`,
    [number, id],
  );
}
