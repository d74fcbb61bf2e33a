import { VipFileError } from '../plugin-api/index.js';
import type { ProviderLogger, VipLookupError } from '../plugin-api/index.js';
import { failureOf } from './failure-texts.js';
import { isBusy } from './failures.js';
import { NO_ANSWER } from './link.js';
import type { Work } from './node.js';
import { DatabaseNodes } from './nodes.js';
import { connectTo } from './session.js';
import type { Opening, Session } from './session.js';
import { sqliteFileOf } from './url.js';

export interface DatabaseUse extends Opening {
  /** Called with each new connection, before it is used. */
  readonly prepare: Work<unknown>;
  /** Fails where a read would. */
  readonly probe: Work<unknown>;
}

/**
 * A database to use. Its URL, which has a password in it, stays here. The class is the Nest token of the service's own database,
 * and no plug-in knows it.
 */
export class Database {
  /** Of an SQLite database; `undefined` for a server, and in memory. */
  readonly file: string | undefined;
  readonly isSqlite: boolean;
  readonly #url: string;

  /** @param resolvePath makes the path of an SQLite file absolute */
  constructor(url: string, resolvePath = (path: string): string => path) {
    const path = sqliteFileOf(url);
    this.file = path === undefined ? undefined : resolvePath(path);
    this.isSqlite = url.startsWith('sqlite:');
    this.#url = this.file === undefined ? url : `sqlite:${this.file}`;
  }

  /** Its servers, each connected when it is first asked something. */
  use({ prepare, probe, ...opening }: DatabaseUse, logger: ProviderLogger): DatabaseNodes {
    // If a file that was there vanishes, an empty one in its place would mean "nobody is a VIP".
    let wasConnected = false;
    const connect = async (node: string, signal: AbortSignal): Promise<Session> => {
      const mustExist = wasConnected || opening.mustExist;
      const session = await connectTo(node, { ...opening, mustExist }, signal, (connected) =>
        prepare(connected, signal),
      );
      wasConnected = true;
      return session;
    };
    return new DatabaseNodes(this.#url, connect, probe, logger);
  }

  /** As `failureOf`, with the file where that is at fault, and not only locked by somebody else. */
  failureOf(error: unknown): VipLookupError {
    const failure = failureOf(error);
    return this.file === undefined || isBusy(error) || failure.message === NO_ANSWER
      ? failure
      : new VipFileError(failure.message, this.file);
  }
}
