import {
  bySpecificity,
  numberKeys,
  VipLookup,
  VipLookupError,
  VipRecordError,
} from '../../plugin-api/index.js';
import type {
  Caller,
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
import type { Session } from '../../database/session.js';
import { DatabaseOptions, DEFAULT_SPELLINGS } from './database.options.js';
import { failureOf, isNotInCharacterSet } from '../../database/failures.js';
import { select, selectApart } from '../../database/select.js';
import type { Row } from '../../database/select.js';
import { isStorable, StoredNumbers } from './stored-numbers.js';
import { checkTable } from './table-schema.js';
import { entriesIn, MAX_ROWS, recordOf, TableStatements, tableOf } from './vip-table.js';
import type { VipTable } from './vip-table.js';

/** A connected database whose table has been looked at. */
interface VipSession extends Session {
  readonly statements: TableStatements;
}

const HEALTH_REASON = 'database nodes in trouble';

/** Asks a SQL database who is calling: the service's own table, or one that the customer has. */
@VipLookup({ kind: 'database', options: DatabaseOptions })
export class DatabaseProvider implements VipLookupProvider {
  /** Who waits for a connection waits for its turn, and that is no fault of the database. */
  readonly maxConcurrent = POOL_SIZE;
  readonly #table: VipTable;
  readonly #numbers: StoredNumbers;
  readonly #nodes: DatabaseNodes<VipSession>;
  readonly #database: Database;

  /** @param own the service's own database */
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
    this.#nodes = this.#database.use(
      {
        // Only the service's own database is made where there is none: a mistyped path would mean "nobody is a VIP".
        mustExist: !isOurs,
        readOnly: !this.#table.isOwn,
        prepare: (connected, signal) => this.#prepare(connected, signal),
        probe: ({ dataSource, statements }, signal) => select(dataSource, statements.probe(), [], signal),
      },
      context.logger,
    );
  }

  async open(): Promise<void> {
    await this.#nodes.open().catch((error: unknown) => {
      throw this.#database.failureOf(error);
    });
  }

  async lookup(asked: Caller, signal: AbortSignal): Promise<VipAnswer> {
    const caller = asked.seenFrom(this.context.country);
    const texts = this.#table.isOwn ? ownKeys(caller) : this.#numbers.textsOf(caller);
    if (texts.length === 0) return null;
    const rows = await this.#rowsOf(texts, signal);
    const records = this.#read(rows, texts, caller);
    return records.length === 0 ? null : records.sort(bySpecificity);
  }

  async check(signal: AbortSignal): Promise<ProviderStatus> {
    try {
      const [rows, troubles] = await Promise.all([
        this.#select((statements) => statements.count(), [], signal),
        this.#nodes.troubles(),
      ]);
      const entries = entriesIn(rows);
      const counted = entries !== undefined && { entries };
      if (troubles.length === 0) return { status: 'up', ...counted };
      const reason = `${troubles.length} of ${this.#nodes.count} ${HEALTH_REASON}: ${troubles.join('; ')}`;
      return { status: 'degraded', reason, ...counted };
    } catch (error) {
      throw signal.aborted ? error : failureOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#nodes.close();
  }

  async #prepare(connected: Session, signal: AbortSignal): Promise<VipSession> {
    const { dataSource } = connected;
    const mayChange = this.#table.isOwn ? await migrate(dataSource) : true;
    const statements = new TableStatements(this.#table, dataSource);
    await checkTable(dataSource, this.#table, statements, signal).catch((error: unknown) => {
      throw mayChange ? error : withoutRights(error);
    });
    void warmUp(dataSource);
    return { ...connected, statements };
  }

  async #rowsOf(texts: readonly string[], signal: AbortSignal): Promise<Row[]> {
    try {
      const rows = await this.#select((statements) => statements.find(texts.length), texts, signal);
      if (rows.length === MAX_ROWS) {
        this.context.logger.warn(
          { table: this.#table.name, rows: MAX_ROWS },
          'one caller has too many rows; only the first ones were read',
        );
      }
      return rows;
    } catch (error) {
      // The text cannot stand in the column. Of plain ASCII that is never true, so there something else is wrong.
      if (isNotInCharacterSet(error) && texts.some((text) => /[^\x20-\x7e]/.test(text))) return [];
      throw signal.aborted ? error : failureOf(error);
    }
  }

  #select(
    statement: (statements: TableStatements) => string,
    parameters: readonly string[],
    signal: AbortSignal,
  ): Promise<Row[]> {
    const asking =
      (ask: typeof select): Work<VipSession, Row[]> =>
      ({ dataSource, statements }, cut) =>
        ask(dataSource, statement(statements), parameters, cut);
    // Yesterday's list of VIPs is better than none while a cluster has lost its majority.
    return this.#nodes.read(asking(select), asking(selectApart), signal);
  }

  /** The records among the rows that are this caller's. A row that cannot be read matters only if no other can. */
  #read(rows: readonly Row[], texts: readonly string[], caller: Caller): VipRecord[] {
    const records: VipRecord[] = [];
    let problem: string | undefined;
    for (const row of rows) {
      const number = String(row['number']);
      const isCallers = this.#table.isOwn ? texts.includes(number) : this.#numbers.isCaller(number, caller);
      if (!isCallers) continue;
      try {
        const record = recordOf(row, this.#table, this.#table.isOwn ? number : caller.key);
        if (record !== null) records.push(record);
      } catch (error) {
        if (!(error instanceof VipRecordError)) throw error;
        problem = error.message;
        this.context.logger.warn({ table: this.#table.name, problem }, 'a row of the caller cannot be read');
      }
    }
    if (records.length === 0 && problem !== undefined) {
      throw new VipLookupError(`a row of table "${this.#table.name}" cannot be read: ${problem}`);
    }
    return records;
  }
}

/** The caller's number and its ranges; none for text that the table cannot hold, or that would itself be a range. */
function ownKeys(caller: Caller): string[] {
  return isStorable(caller.key) && !caller.key.endsWith('*') ? numberKeys(caller.key) : [];
}
