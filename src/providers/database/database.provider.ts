import type { DataSource } from 'typeorm';
import {
  bySpecificity,
  numberKeys,
  VipEntryError,
  VipLookup,
  VipRecordError,
  withTimeLimit,
} from '../../plugin-api/index.js';
import type {
  Caller,
  EntryTally,
  ProviderContext,
  ProviderStatus,
  VipAnswer,
  VipLookupProvider,
  VipRecord,
} from '../../plugin-api/index.js';
import { POOL_SIZE, warmUp } from '../../database/data-source.js';
import { Database } from '../../database/database.js';
import type { Work } from '../../database/node.js';
import type { DatabaseNodes } from '../../database/nodes.js';
import { migrate } from '../../database/migrate.js';
import { withoutRights } from '../../database/session.js';
import { DatabaseOptions, DEFAULT_SPELLINGS } from './database.options.js';
import { failureOf } from '../../database/failure-texts.js';
import { isNotInCharacterSet } from '../../database/failures.js';
import { select, selectApart } from '../../database/select.js';
import type { Parameter, Row } from '../../database/select.js';
import { rereadNumbers } from './reread-numbers.js';
import { EntryCount } from './entry-count.js';
import { isStorable, StoredNumbers } from './stored-numbers.js';
import { countOwnEntries, countSample, explainRows, PAGE_ROWS, SAMPLE_ROWS } from './table-entries.js';
import { checkTable } from './table-schema.js';
import { entriesIn, markOf, MAX_ROWS, numberIn, recordOf, TableStatements, tableOf } from './vip-table.js';
import type { VipTable } from './vip-table.js';

/** How often a table that changes all the time is counted, at most. */
const COUNTED_AGAIN_MS = 60_000;

const HEALTH_REASON = 'database nodes in trouble';
const COUNT_LIMIT_MS = 2_000;

/** Asks a SQL database who is calling: the service's own table, or a customer's. */
@VipLookup({ kind: 'database', options: DatabaseOptions })
export class DatabaseProvider implements VipLookupProvider {
  /** A lookup that waits for a connection is waiting for its turn, which does not count against the database. */
  readonly maxConcurrent = POOL_SIZE;
  readonly #table: VipTable;
  readonly #numbers: StoredNumbers;
  readonly #statements: TableStatements;
  readonly #nodes: DatabaseNodes;
  readonly #database: Database;
  readonly #count = new EntryCount(() =>
    withTimeLimit(COUNT_LIMIT_MS, [], async (signal) => entriesIn(await this.#countRows(signal))),
  );
  readonly #closing = new AbortController();
  /** What the own table looked like when its entries were last counted. */
  #counted: string | undefined;
  /** When it was last said that they have changed, by `performance.now()`. */
  #changedMs = -Infinity;

  constructor(
    private readonly context: ProviderContext<DatabaseOptions>,
    own: Database,
  ) {
    const { options, country } = context;
    this.#table = tableOf(options);
    const spellings = options.spellings ?? DEFAULT_SPELLINGS;
    this.#numbers = new StoredNumbers(spellings, country, `providers.${context.name}.spellings`);
    const isOurs = this.#table.isOwn && options.connection == null;
    this.#database =
      options.connection == null
        ? own
        : new Database(options.connection, (path) => context.resolvePath(path));
    this.#statements = new TableStatements(this.#table, this.#database.isSqlite);
    this.#nodes = this.#database.use(
      {
        // Only the service's own database is created if missing: a new file at a mistyped path would mean "nobody is
        // a VIP".
        mustExist: !isOurs,
        readOnly: !this.#table.isOwn,
        prepare: (dataSource, signal) => this.#prepare(dataSource, signal),
        probe: (dataSource, signal) => select(dataSource, this.#statements.probe(), [], signal),
      },
      context.logger,
    );
  }

  async open(): Promise<void> {
    await this.#nodes.open().catch((error: unknown) => {
      throw this.#database.failureOf(error);
    });
    if (this.#table.isOwn) await this.#count.refresh();
  }

  async lookup(asked: Caller, signal: AbortSignal): Promise<VipAnswer> {
    const caller = asked.seenFrom(this.context.country);
    const texts = this.#textsOf(caller);
    if (texts.length === 0) return null;
    const rows = await this.#rowsOf(texts, signal);
    const records = this.#read(rows, texts, caller);
    return records.length === 0 ? null : records.sort(bySpecificity);
  }

  async check(signal: AbortSignal): Promise<ProviderStatus> {
    try {
      const [rows, troubles] = await Promise.all([this.#countRows(signal), this.#nodes.troubles()]);
      const entries = entriesIn(rows);
      if (this.#table.isOwn) this.#noteChange(markOf(rows));
      this.#count.note(entries);
      const counted = entries !== undefined && { entries };
      if (troubles.length === 0) return { status: 'up', ...counted };
      const reason = `${troubles.length} of ${this.#nodes.count} ${HEALTH_REASON}: ${troubles.join('; ')}`;
      return { status: 'degraded', reason, ...counted };
    } catch (error) {
      throw signal.aborted ? error : failureOf(error);
    }
  }

  /** The own table, or the first 10,000 rows of a customer's. */
  async countEntries(signal: AbortSignal): Promise<EntryTally> {
    if (this.#table.isOwn) {
      const page = (lastId: string): Promise<Row[]> =>
        this.#select(this.#statements.page(PAGE_ROWS), [lastId], signal);
      const mark = markOf(await this.#countRows(signal));
      const tally = await countOwnEntries(page, this.context.timezone, signal);
      this.#counted = mark;
      return tally;
    }
    const rows = await this.#select(this.#statements.sample(SAMPLE_ROWS), [], signal);
    const find = (texts: readonly string[]): Promise<Row[]> => this.#rowsOf(texts, signal);
    return countSample(rows, this.#table, this.#numbers, this.context, find, signal);
  }

  async explain(asked: Caller, signal: AbortSignal): Promise<string> {
    const caller = asked.seenFrom(this.context.country);
    const texts = this.#textsOf(caller);
    if (texts.length === 0) return 'its column cannot hold this number in any of its spellings';
    const rows = await this.#find(texts, signal, false);
    return explainRows(rows, this.#table, (number) => this.#isCallers(number, texts, caller));
  }

  /** Of the own table; nobody counts the rows of a customer's. */
  entries(): number | undefined {
    return this.#table.isOwn ? this.#count.entries : undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#nodes.close();
  }

  /** @param mark of the own table: somebody may have imported a list, or written to it directly */
  #noteChange(mark?: string): void {
    const nowMs = performance.now();
    if (mark === this.#counted && mark !== undefined) return;
    if (nowMs - this.#changedMs < COUNTED_AGAIN_MS) return;
    this.#changedMs = nowMs;
    this.context.entriesChanged();
  }

  #textsOf(caller: Caller): string[] {
    return this.#table.isOwn ? ownKeys(caller) : this.#numbers.textsOf(caller);
  }

  #isCallers(number: string, texts: readonly string[], caller: Caller): boolean {
    return this.#table.isOwn ? texts.includes(number) : this.#numbers.isCaller(number, caller);
  }

  async #prepare(dataSource: DataSource, signal: AbortSignal): Promise<void> {
    const mayChange = this.#table.isOwn ? await migrate(dataSource) : true;
    await checkTable(dataSource, this.#table, this.#statements.probe(), signal).catch((error: unknown) => {
      throw mayChange ? error : withoutRights(error);
    });
    void warmUp(dataSource).then(() => (this.#table.isOwn ? this.#reread(dataSource) : undefined));
    if (this.#table.isOwn && this.#counted === undefined) this.#noteChange();
  }

  /** Beside the lookups, which find meanwhile what they found before. */
  async #reread(dataSource: DataSource): Promise<void> {
    const { logger, country } = this.context;
    const table = this.#table.name;
    try {
      const result = await rereadNumbers(dataSource, country, this.#closing.signal);
      if (result !== undefined && result.texts > 0) {
        this.context.entriesChanged();
        logger[result.unusable > 0 ? 'warn' : 'info']({ table, ...result }, 'stored numbers were read again');
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      const { message } = failureOf(error);
      logger.warn(
        { table, reason: message },
        'stored numbers could not be read again; texts match as they are',
      );
    }
  }

  #countRows(signal: AbortSignal): Promise<Row[]> {
    return this.#select(this.#statements.count(), [], signal);
  }

  async #rowsOf(texts: readonly string[], signal: AbortSignal): Promise<Row[]> {
    try {
      const rows = await this.#find(texts, signal);
      if (rows.length === MAX_ROWS) {
        this.context.logger.warn(
          { table: this.#table.name, rows: MAX_ROWS },
          'one caller has too many rows; only the first ones were read',
        );
      }
      return rows;
    } catch (error) {
      // The column cannot contain the text. For plain ASCII that is impossible, so something else is wrong.
      if (isNotInCharacterSet(error) && texts.some((text) => /[^\x20-\x7e]/.test(text))) return [];
      throw signal.aborted ? error : failureOf(error);
    }
  }

  #find(texts: readonly string[], signal: AbortSignal, isVip = true): Promise<Row[]> {
    const parameters = this.#statements.parameters(texts);
    return this.#select(this.#statements.find(parameters.length, isVip), parameters, signal);
  }

  #select(sql: string, parameters: readonly Parameter[], signal: AbortSignal): Promise<Row[]> {
    const asking =
      (ask: typeof select): Work<Row[]> =>
      (dataSource, cut) =>
        ask(dataSource, sql, parameters, cut);
    // While a cluster has lost its majority, an old list of VIPs is better than none.
    return this.#nodes.read(asking(select), asking(selectApart), signal);
  }

  /** The records from rows that belong to this caller. An unreadable row matters only if no other can be read. */
  #read(rows: readonly Row[], texts: readonly string[], caller: Caller): VipRecord[] {
    const records: VipRecord[] = [];
    let problem: string | undefined;
    for (const row of rows) {
      const number = numberIn(row);
      if (!this.#isCallers(number, texts, caller)) continue;
      try {
        const record = recordOf(
          row,
          this.#table,
          this.#table.isOwn ? number : caller.key,
          this.context.timezone,
        );
        if (record !== null) records.push(record);
      } catch (error) {
        if (!(error instanceof VipRecordError)) throw error;
        problem = error.message;
        this.context.logger.warn({ table: this.#table.name, problem }, 'a row of the caller cannot be read');
      }
    }
    if (records.length === 0 && problem !== undefined) {
      throw new VipEntryError(`a row of table "${this.#table.name}" cannot be read: ${problem}`);
    }
    return records;
  }
}

/** The caller's number and its ranges; none for text that the table cannot contain, or that is itself a range. */
function ownKeys(caller: Caller): string[] {
  return isStorable(caller.key) && !caller.key.endsWith('*') ? numberKeys(caller.key) : [];
}
