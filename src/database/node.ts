import type { ProviderLogger } from '../plugin-api/index.js';
import { POOL_SIZE, warmUp } from './data-source.js';
import { DatabaseLink } from './link.js';
import type { Session } from './session.js';
import { failureOf, isConnectionLost, needsNewSession } from './failures.js';
import { backoffMs, untilAborted, withTimeLimit } from '../plugin-api/index.js';

/** What is done with a session; settles as soon as the signal aborts. */
export type Work<S extends Session, T> = (session: S, signal: AbortSignal) => Promise<T>;

/** A node in trouble is left alone for so long, and then tried; twice as long each time, up to the second. */
const FIRST_REST_MS = 500;
const LAST_REST_MS = 2_000;
const PROBE_LIMIT_MS = 1_000;

/** One server of a database: its session, and whether it can be trusted to answer. */
export class DatabaseNode<S extends Session> {
  readonly #link: DatabaseLink<S>;
  #trouble: string | undefined;
  #isTold = false;
  #rests = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param name what operations know it by, `host:port`
   * @param probe fails where `read` would
   */
  constructor(
    readonly name: string,
    connect: (signal: AbortSignal) => Promise<S>,
    private readonly probe: Work<S, unknown>,
    linkLogger: ProviderLogger,
    private readonly logger: ProviderLogger,
  ) {
    this.#link = new DatabaseLink(connect, linkLogger);
  }

  /** Why it is left alone now; `undefined` when it is well, as far as is known. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Connects, and makes connections ready for calls. */
  async open(): Promise<void> {
    await warmUp((await this.#link.ready()).dataSource);
  }

  /** Does what may be done twice. */
  async read<T>(work: Work<S, T>, signal: AbortSignal): Promise<T> {
    for (let spoiled = 0; ; spoiled++) {
      const session = await untilAborted(this.#link.ready(), signal);
      try {
        return await work(session, signal);
      } catch (error) {
        if (needsNewSession(error)) this.#link.drop(session);
        // Connections may have died in the pool. Each one leaves it when it is found dead, and then a new one is made.
        if (signal.aborted || !isConnectionLost(error) || spoiled === POOL_SIZE) throw error;
      }
    }
  }

  /** Does what is tried once: where the connection is lost nobody knows whether it was done. */
  async write<T>(work: Work<S, T>, signal: AbortSignal): Promise<T> {
    const session = await untilAborted(this.#link.ready(), signal);
    try {
      return await work(session, signal);
    } catch (error) {
      if (isConnectionLost(error) || needsNewSession(error)) this.#link.drop(session);
      throw error;
    }
  }

  /** Leaves it alone until it answers again, which is found out in the background. */
  suspect(error: unknown): void {
    if (this.#isClosed) return;
    const isNew = this.#trouble === undefined;
    this.#trouble = failureOf(error).message;
    if (isNew) this.#tryAfterRest();
  }

  /** Asks for a sign of life. Never rejects: what is wrong is in `trouble` afterwards. */
  async try(signal: AbortSignal): Promise<void> {
    try {
      await this.read(this.probe, signal);
      this.#isWell();
    } catch (error) {
      this.suspect(signal.aborted ? new NoAnswer() : error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#link.close();
  }

  #tryAfterRest(): void {
    clearTimeout(this.#timer);
    const restMs = backoffMs(this.#rests++, FIRST_REST_MS, LAST_REST_MS);
    this.#timer = setTimeout(() => void this.#tryAgain(), restMs).unref();
  }

  async #tryAgain(): Promise<void> {
    await withTimeLimit(PROBE_LIMIT_MS, [], (signal) => this.try(signal));
    if (this.#trouble === undefined || this.#isClosed) return;
    // Told only now: a node that was slow once is no news.
    if (!this.#isTold) {
      this.#isTold = true;
      this.logger.warn(
        { node: this.name, reason: this.#trouble },
        'database node is failing; the other nodes are used',
      );
    }
    this.#tryAfterRest();
  }

  #isWell(): void {
    if (this.#isTold) this.logger.info({ node: this.name }, 'database node is used again');
    this.#trouble = undefined;
    this.#isTold = false;
    this.#rests = 0;
    clearTimeout(this.#timer);
  }
}

/** A server that takes what it is asked and says nothing. */
export class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';
}
