import { setTimeout as sleep } from 'node:timers/promises';
import { VipLookupError } from '../plugin-api/index.js';

/** Galera's error while a node is not part of the cluster: "WSREP has not yet prepared node for application use". */
const NOT_PREPARED = 'ER_UNKNOWN_COM_ERROR';
/** A replica, or a server during a switchover: another one accepts the write. */
const READ_ONLY = ['ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE'];
const SERVER_NOT_REACHED =
  /^(?:E[A-Z]+|PROTOCOL_\w+|HANDSHAKE_\w+|AUTH_SWITCH_\w+|\w*CERT\w*|UNABLE_TO_\w+|ER_(?:ACCESS_DENIED|SECURE_TRANSPORT|UNKNOWN_COM|CON_COUNT|SERVER_SHUTDOWN|HOST|CONNECTION|USER_LIMIT|TOO_MANY_USER)\w*|SQLITE_(?:CANTOPEN|NOTADB))$/;

const hasCode =
  (...codes: readonly string[]) =>
  (error: unknown): boolean =>
    codes.includes(codeOf(error) ?? '');

/** The server went away, or was never reachable; another connection may work. */
export const isConnectionLost = hasCode(
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ER_SERVER_SHUTDOWN',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CONNECTION_KILLED',
);
/** Nothing was asked of the server: it could not be reached, or refused the connection. */
export const isServerNotReached = (error: unknown): boolean => SERVER_NOT_REACHED.test(codeOf(error) ?? '');
export const isReadOnly = hasCode(...READ_ONLY);
/** Another client changed the same row. Galera reports this at the latest on commit; then nothing has been changed. */
export const isConflict = hasCode('ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT');
export const isNotPrepared = hasCode(NOT_PREPARED);
/** True if another server of the cluster may succeed. */
export const isNodeTrouble = (error: unknown): boolean =>
  error instanceof VipLookupError || isReadOnly(error) || isServerNotReached(error);
export const isNotAllowed = hasCode(
  ...READ_ONLY,
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'SQLITE_READONLY',
);
export const isMissingTable = hasCode('ER_NO_SUCH_TABLE');
/** The column's character set lacks these characters, so no row can contain the text. */
export const isNotInCharacterSet = hasCode(
  'ER_CANT_AGGREGATE_2COLLATIONS',
  'ER_CANT_AGGREGATE_3COLLATIONS',
  'ER_CANT_AGGREGATE_NCOLLATIONS',
  'ER_CANNOT_CONVERT_STRING',
);
/** The schema has changed since we connected. */
const isSchemaChanged = hasCode('ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR', 'ER_BAD_DB_ERROR');
/** Another process that is writing has locked the SQLite file. */
export const isBusy = (error: unknown): boolean => /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error) ?? '');

const TRIES = 5;
const PAUSE_MS = 100;

/** Does it again while another instance is in the way; a Galera cluster refuses the work of one of two. */
export async function unlessInTheWay<T>(work: () => Promise<T>, isInTheWay = isConflict): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES || !isInTheWay(error)) throw error;
    }
    await sleep(PAUSE_MS * tries * (0.5 + Math.random()));
  }
}

/** True if the next lookup should use a new connection, whose schema is checked again. */
export function needsNewSession(error: unknown): boolean {
  return isSchemaChanged(error) || (codeOf(error)?.startsWith('SQLITE_') === true && !isBusy(error));
}

/** The database's own name for what went wrong: `ECONNREFUSED`, `ER_NO_SUCH_TABLE`, `SQLITE_BUSY`. */
export function codeOf(error: unknown): string | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return code;
  // libsql gives no code here, only SQLite's number within a text that also contains the path.
  return typeof message === 'string' && /Unable to open connection to local database .*: 14"/s.test(message)
    ? 'SQLITE_CANTOPEN'
    : undefined;
}
